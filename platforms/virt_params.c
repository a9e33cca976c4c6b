/* SPDX-License-Identifier: BSD-2-Clause */
/* The platform's own parameters and the schema of the whole machine. */
#include "core/ram.h"
#include "platforms/virt_config.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const aias[] = {"auto", "aplic", "aplic-imsic", NULL};

#define FIELD(name) offsetof(struct virt_machine_config, name)
static const struct vd_param machine_table[] = {
    {"timing", VD_PARAM_STRING, FIELD(timing), 0, 0, VIRT_PATH_SIZE, NULL, "",
     "timing preset: functional, inorder, or a file; empty: functional"},
    {"harts", VD_PARAM_U32, FIELD(harts), 1, 1, VIRT_MAX_HARTS, NULL, "", "number of harts"},
    {"aia", VD_PARAM_CHOICE, FIELD(aia), VIRT_AIA_AUTO, 0, VIRT_AIA_APLIC_IMSIC, aias, "",
     "aplic-imsic: MSIs; aplic: wires from the APLIC to the harts, and no MSIs; auto: aplic if "
     "the harts lack Smaia or Ssaia"},
    {"memory", VD_PARAM_U64, FIELD(memory), UINT64_C(128) << 20, UINT64_C(16) << 20, RAM_MAX, NULL,
     "bytes", "RAM at 0x80000000"},
    {"cycle_ps", VD_PARAM_U64, FIELD(cycle_ps), 1000, 1, 1000000, NULL, "ps",
     "one clock cycle; 1000 is 1 GHz"},
    {"timebase", VD_PARAM_U64, FIELD(timebase), 10000000, 1000, 1000000000, NULL, "Hz",
     "frequency of mtime"},
    {"quantum", VD_PARAM_U64, FIELD(quantum), 64, 1, 1000000000, NULL, "cycles",
     "how far a hart may run ahead of another"},
    {"limit", VD_PARAM_U64, FIELD(limit), 0, 0, UINT64_MAX / 1000000, NULL, "cycles",
     "end of the run; 0: none"},
    {"seed", VD_PARAM_U64, FIELD(seed), 0, 0, UINT64_MAX, NULL, "",
     "of every random choice of the machine and of rng-seed"},
    {"poison", VD_PARAM_BOOL, FIELD(poison), 0, 0, 1, NULL, "",
     "a page of memory at 0x18000000 whose data is always corrupt"},
    {"ledger", VD_PARAM_BOOL, FIELD(ledger), 1, 0, 1, NULL, "",
     "the ledger follows every MSI; 0: no samples and no verdict, to measure what it costs"},
    {"iommu", VD_PARAM_BOOL, FIELD(iommu), 1, 0, 1, NULL, "", "PCIe is behind an IOMMU"},
    {"iommus", VD_PARAM_U32, FIELD(iommus), 1, 1, VIRT_MAX_SYS_IOMMUS, NULL, "",
     "with iommu: how many there are as platform devices, numbered from 0"},
    {"pci_iommus", VD_PARAM_U32, FIELD(pci_iommus), 0, 0, VIRT_MAX_PCI_IOMMUS, NULL, "",
     "more IOMMUs, as PCIe functions at devices 31, 30, ...; numbered after the others"},
    {"endpoint_iommus", VD_PARAM_STRING, FIELD(endpoint_iommus), 0, 0,
     sizeof(((struct virt_machine_config *)0)->endpoint_iommus), NULL, "",
     "the IOMMU of each PCIe device from 1 on, e.g. `0 1 -`, - being none; not named: 0"},
    {"endpoints", VD_PARAM_U32, FIELD(endpoints), 1, 0, VIRT_MAX_ENDPOINTS, NULL, "",
     "test endpoints, at devices 1, 2, ... of PCIe bus 0"},
    {"bios", VD_PARAM_STRING, FIELD(bios), 0, 0, VIRT_PATH_SIZE, NULL, "",
     "M-mode firmware: a file, default (OpenSBI of the host), or none; empty: default"},
    {"kernel", VD_PARAM_STRING, FIELD(kernel), 0, 0, VIRT_PATH_SIZE, NULL, "",
     "S-mode program: ELF, uImage, Linux Image or raw"},
    {"initrd", VD_PARAM_STRING, FIELD(initrd), 0, 0, VIRT_PATH_SIZE, NULL, "", "initial RAM disk"},
    {"dtb", VD_PARAM_STRING, FIELD(dtb), 0, 0, VIRT_PATH_SIZE, NULL, "",
     "devicetree blob; empty: generated"},
    {"symbols", VD_PARAM_STRING, FIELD(symbols), 0, 0, VIRT_PATH_SIZE, NULL, "",
     "ELF with names for what is printed about harts"},
    {"loads", VD_PARAM_STRING, FIELD(loads), 0, 0, VIRT_LOADS_SIZE, NULL, "",
     "more that is in memory at reset, each with its address: FILE@ADDR,FILE@ADDR"},
    {"append", VD_PARAM_STRING, FIELD(append), 0, 0, VIRT_APPEND_SIZE, NULL, "", "boot arguments"},
};
#undef FIELD

static const struct vd_param *machine_params(uint32_t *count)
{
    *count = COUNT(machine_table);
    return machine_table;
}

#define BUS(name, text)                                                                            \
    {                                                                                              \
#name, VD_PARAM_U32, offsetof(struct virt_bus_config, name), 0, 0, 1000000, NULL,          \
            "cycles", text                                                                         \
    }
static const struct vd_param bus_table[] = {
    BUS(ram_read, "RAM, read address to first data, for devices and IOMMU"),
    BUS(ram_write, "RAM, write to its effect, for devices and IOMMU"),
    BUS(msi_write, "a device's or APLIC's MSI, from the fabric to the interrupt file's port"),
    BUS(device_read, "register read by a device or the IOMMU"),
    BUS(device_write, "register write by a device or the IOMMU"),
    BUS(hart_read, "a hart's load from a device, beyond the hart's own timing"),
    {"hart_write", VD_PARAM_U32, offsetof(struct virt_bus_config, hart_write), 64, 0, 1000000, NULL,
     "cycles", "a hart's store to a device, to its effect"},
};
#undef BUS

static const struct vd_param *bus_params(uint32_t *count)
{
    *count = COUNT(bus_table);
    return bus_table;
}

static const char *const device_models[] = {"none",
                                            "nvme",
                                            "nvme-ns",
                                            "virtio-blk-pci",
                                            "virtio-blk-device",
                                            "virtio-rng-pci",
                                            "virtio-rng-device",
                                            "edu",
                                            NULL};

_Static_assert(sizeof(device_models) / sizeof(device_models[0]) == VIRT_DEVICE_MODELS + 1,
               "a name for every model");

#define FIELD(name) offsetof(struct virt_device_config, name)
static const struct vd_param device_table[] = {
    {"model", VD_PARAM_CHOICE, FIELD(model), VIRT_DEVICE_NONE, 0, VIRT_DEVICE_MODELS - 1,
     device_models, "", "what it is; PCIe devices follow the test endpoints on bus 0"},
    {"file", VD_PARAM_STRING, FIELD(file), 0, 0, VIRT_PATH_SIZE, NULL, "", "the disk, raw"},
    {"serial", VD_PARAM_STRING, FIELD(serial), 0, 0, NVME_SERIAL_SIZE + 1, NULL, "",
     "serial number of the disk"},
    {"readonly", VD_PARAM_BOOL, FIELD(readonly), 0, 0, 1, NULL, "", "the disk cannot be written"},
    {"addr", VD_PARAM_U32, FIELD(addr), 0, 0, 31, NULL, "",
     "its device number on PCIe bus 0; 0: the next that is free"},
};
#undef FIELD

static const struct vd_param *device_params(uint32_t *count)
{
    *count = COUNT(device_table);
    return device_table;
}

#define FIELD(name) offsetof(struct virt_flash_config, name)
static const struct vd_param flash_table[] = {
    {"file", VD_PARAM_STRING, FIELD(file), 0, 0, VIRT_PATH_SIZE, NULL, "",
     "its bytes, 32 MiB; empty: zeros that nobody keeps"},
    {"readonly", VD_PARAM_BOOL, FIELD(readonly), 0, 0, 1, NULL, "", "it cannot be programmed"},
};
#undef FIELD

static const struct vd_param *flash_params(uint32_t *count)
{
    *count = COUNT(flash_table);
    return flash_table;
}

#define FIELD(name) offsetof(struct virt_fw_file_config, name)
static const struct vd_param fw_file_table[] = {
    {"name", VD_PARAM_STRING, FIELD(name), 0, 0, FW_CFG_NAME_SIZE, NULL, "",
     "its name there, as opt/org.example/seed; empty: there is none"},
    {"file", VD_PARAM_STRING, FIELD(file), 0, 0, VIRT_PATH_SIZE, NULL, "", "the file of the host"},
    {"text", VD_PARAM_STRING, FIELD(text), 0, 0, VIRT_APPEND_SIZE, NULL, "",
     "its bytes, if it is no file of the host"},
};
#undef FIELD

static const struct vd_param *fw_file_params(uint32_t *count)
{
    *count = COUNT(fw_file_table);
    return fw_file_table;
}

static const char *const expects[] = {"balanced", "violation", "drops", NULL};

#define FIELD(name) offsetof(struct virt_experiment_config, name)
#define TEXT(name, text)                                                                           \
    {                                                                                              \
#name, VD_PARAM_STRING, FIELD(name), 0, 0,                                                 \
            sizeof(((struct virt_experiment_config *)0)->name), NULL, "", text                     \
    }
static const struct vd_param experiment_table[] = {
    TEXT(name, "what `viaduct exp run` calls it"),
    TEXT(title, "one line"),
    TEXT(expectation, "what the results should show"),
    TEXT(members, "experiments to run in its place, separated by blanks"),
    {"expects", VD_PARAM_CHOICE, FIELD(expects), VIRT_EXPECTS_BALANCED, 0, 2, expects, "",
     "the ledger's verdict that makes the experiment a success; drops: balanced, and MSIs are "
     "dropped"},
    TEXT(holds, "conditions on the counts of every path, separated by blanks: lost=0 sgei>=2*sent"),
    TEXT(model, "what an abstract model of the protocol says: ok, or some of lost duplicate stray "
                "dropped wakeup junk"),
    {"quick_start", VD_PARAM_BOOL, FIELD(quick_start), 0, 0, 1, NULL, "",
     "the built-in M-mode firmware in place of OpenSBI, whose start takes long on many harts"},
    {"per_vcpu", VD_PARAM_BOOL, FIELD(per_vcpu), 0, 0, 1, NULL, "",
     "report the latencies of each vCPU, and how evenly they are spread"},
    TEXT(kernel, "the hypervisor; empty: the built-in one"),
};

static const char *const wires[] = {"level", "edge", NULL};
static const char *const modes[] = {"own", "hwaccel", "emul", "auto", NULL};

static const char *const policies[] = {"first", "lru", "rate", "pinned", NULL};

static const struct vd_param bootarg_table[] = {
    TEXT(exp, "paths: all, or some of those in firmware/hyp/README.md, separated by commas"),
    {"count", VD_PARAM_U32, FIELD(count), 1000, 1, 100000000, NULL, "", "measured MSIs per path"},
    {"warmup", VD_PARAM_U32, FIELD(warmup), 32, 1, 1000000, NULL, "", "MSIs before them"},
    {"period", VD_PARAM_U64, FIELD(period), 0, 0, 1000000000, NULL, "cycles",
     "between two bursts; e01: from acknowledgement to the next IPI; 0: as the experiment has it"},
    {"burst", VD_PARAM_U32, FIELD(burst), 1, 1, 65536, NULL, "", "MSIs back to back"},
    {"vectors", VD_PARAM_U32, FIELD(vectors), 0, 0, 32, NULL, "",
     "MSI-X vectors used in turn; 0: as the experiment has it"},
    {"seed", VD_PARAM_U64, FIELD(seed), 0, 0, UINT64_MAX, NULL, "",
     "0: strictly periodic, else of the random periods"},
    {"ddt", VD_PARAM_U32, FIELD(ddt), 0, 0, 3, NULL, "",
     "levels of the device directory; 0: a03 runs all three, the others use 3"},
    TEXT(protocol, "how interrupt files move and vCPUs sleep: A0, B3, ...; empty: all right"),
    {"moves", VD_PARAM_U32, FIELD(moves), 50, 1, 100000000, NULL, "",
     "operations on vCPUs while the MSIs come"},
    {"vcpus", VD_PARAM_U32, FIELD(vcpus), 0, 0, 4096, NULL, "",
     "0: as the experiment has it; above 64 in c06 only"},
    {"slice", VD_PARAM_U32, FIELD(slice), 200, 1, 1000000, NULL, "ticks of time",
     "of vCPUs that share a hart"},
    {"wire", VD_PARAM_CHOICE, FIELD(wire), 0, 0, 1, wires, "", "e07: sensitivity of the source"},
    {"mode", VD_PARAM_CHOICE, FIELD(mode), 0, 0, 3, modes, "",
     "interrupt files of the vCPUs; own: as the experiment has it"},
    {"policy", VD_PARAM_CHOICE, FIELD(policy), 0, 0, 3, policies, "",
     "who gives up its guest file for another vCPU"},
};
#undef TEXT
#undef FIELD

static const struct vd_param *experiment_params(uint32_t *count)
{
    *count = COUNT(experiment_table);
    return experiment_table;
}

static const struct vd_param *bootarg_params(uint32_t *count)
{
    *count = COUNT(bootarg_table);
    return bootarg_table;
}

#define AT(field) offsetof(struct virt_config, field)
static const struct config_table tables[] = {
    {"machine", "the machine and what runs on it", AT(machine), machine_params},
    {"hart", "every hart", AT(hart), hart_params},
    {"imsic", "every hart's interrupt files", AT(imsic), imsic_params},
    {"aplic", "the APLIC of wired interrupts", AT(aplic), aplic_params},
    {"iommu", "the IOMMU in front of PCIe", AT(iommu), iommu_params},
    {"pcie", "the PCIe root complex", AT(pcie), pcie_params},
    {"endpoint", "every test endpoint", AT(endpoint), endpoint_params},
    {"uart", "the serial port", AT(uart), uart_params},
    {"rtc", "the real-time clock", AT(rtc), rtc_params},
    {"bus", "latencies of the fabric", AT(bus), bus_params},
    {"nvme", "every NVMe controller", AT(nvme), nvme_params},
    {"virtio", "every virtio device", AT(virtio), virtio_params},
    {"edu", "every edu", AT(edu), edu_params},
    {"fw_cfg", "the firmware configuration device", AT(fw_cfg), fw_cfg_params},
    {"fw_cfg_file0", "a file in fw_cfg on request", AT(fw_files[0]), fw_file_params},
    {"fw_cfg_file1", "a file in fw_cfg on request", AT(fw_files[1]), fw_file_params},
    {"fw_cfg_file2", "a file in fw_cfg on request", AT(fw_files[2]), fw_file_params},
    {"fw_cfg_file3", "a file in fw_cfg on request", AT(fw_files[3]), fw_file_params},
    {"fw_cfg_file4", "a file in fw_cfg on request", AT(fw_files[4]), fw_file_params},
    {"fw_cfg_file5", "a file in fw_cfg on request", AT(fw_files[5]), fw_file_params},
    {"fw_cfg_file6", "a file in fw_cfg on request", AT(fw_files[6]), fw_file_params},
    {"fw_cfg_file7", "a file in fw_cfg on request", AT(fw_files[7]), fw_file_params},
    {"pflash", "both banks of flash", AT(pflash), pflash_params},
    {"flash0", "the bank of flash at 0x20000000", AT(flashes[0]), flash_params},
    {"flash1", "the bank of flash at 0x22000000", AT(flashes[1]), flash_params},
    {"device0", "a device plugged in on request", AT(devices[0]), device_params},
    {"device1", "a device plugged in on request", AT(devices[1]), device_params},
    {"device2", "a device plugged in on request", AT(devices[2]), device_params},
    {"device3", "a device plugged in on request", AT(devices[3]), device_params},
    {"device4", "a device plugged in on request", AT(devices[4]), device_params},
    {"device5", "a device plugged in on request", AT(devices[5]), device_params},
    {"device6", "a device plugged in on request", AT(devices[6]), device_params},
    {"device7", "a device plugged in on request", AT(devices[7]), device_params},
    {"experiment", "what `viaduct exp` runs", AT(experiment), experiment_params},
    {"experiment", "what `viaduct exp` runs", AT(experiment), bootarg_params},
};
#undef AT

struct config virt_schema(struct virt_config *values)
{
    return (struct config){.tables = tables, .count = COUNT(tables), .values = values};
}

void virt_bootargs(const struct virt_config *values, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < COUNT(bootarg_table) && used < size; i++) {
        char value[CONFIG_KEY_SIZE];
        struct config_slot slot = {.param = &bootarg_table[i]};
        slot.field = (char *)(uintptr_t)&values->experiment + bootarg_table[i].offset;
        config_get(&slot, value, sizeof(value));
        if (*value)
            used += (size_t)snprintf(text + used, size - used, "%s%s=%s", used ? " " : "",
                                     bootarg_table[i].name, value);
    }
}
