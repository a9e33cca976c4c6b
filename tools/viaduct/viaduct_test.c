/* SPDX-License-Identifier: BSD-2-Clause */
/* The command as its users see it: what it prints, and its exit status, for good and bad input. */
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <elf.h>

#include "command_rig.h"
#include "status.h"

struct elf {
    Elf64_Ehdr header;
    Elf64_Phdr segment;
    uint32_t code[2];
};

static struct elf elf_at(uint64_t addr)
{
    return (struct elf){
        .header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
                               EV_CURRENT},
                   .e_type = ET_EXEC,
                   .e_machine = EM_RISCV,
                   .e_version = EV_CURRENT,
                   .e_entry = addr,
                   .e_phoff = offsetof(struct elf, segment),
                   .e_ehsize = sizeof(Elf64_Ehdr),
                   .e_phentsize = sizeof(Elf64_Phdr),
                   .e_phnum = 1},
        .segment = {.p_type = PT_LOAD,
                    .p_flags = PF_R | PF_X,
                    .p_offset = offsetof(struct elf, code),
                    .p_vaddr = addr,
                    .p_paddr = addr,
                    .p_filesz = 8,
                    .p_memsz = 8,
                    .p_align = 4},
        .code = {0x0000006f, 0x0000006f},
    };
}

static int write_files(void **state)
{
    if (rig_create(state) != 0)
        return -1;
    /* lui a0, 0x100; lui a1; addi a1; sw a1, (a0); j . */
    static const uint32_t pass[] = {0x00100537, 0x000055b7, 0x55558593, 0x00b52023, 0x0000006f};
    static const uint32_t fail3[] = {0x00100537, 0x000335b7, 0x33358593, 0x00b52023, 0x0000006f};
    static const uint32_t jump[] = {0x03e00297, 0x00028067}; /* auipc t0, 0x3e00; jr t0 */
    static const uint32_t loop[] = {0x0000006f};
    static const uint32_t sleep[] = {0x10500073, 0xffdff06f};  /* wfi; j -4 */
    static const uint32_t astray[] = {0x00000013, 0x00000067}; /* nop; jr x0 */
    /* Counts its starts at 0x80400000 and resets the machine until there are two. */
    static const uint32_t reboot[] = {0x00200617, 0x00062683, 0x00168693, 0x00d62023, 0x00100537,
                                      0x00200713, 0x000075b7, 0x77758593, 0x00e6c663, 0x000055b7,
                                      0x55558593, 0x00b52023, 0x0000006f};
    /* Echoes a line on the UART, then passes. */
    static const uint32_t echo[] = {0x10000537, 0x00554583, 0x0015f593, 0xfe058ce3, 0x00054603,
                                    0x00c50023, 0x00a00693, 0xfed614e3, 0x00100537, 0x000055b7,
                                    0x55558593, 0x00b52023, 0x0000006f};
    rig_write("reboot.bin", reboot, sizeof(reboot));
    rig_write("echo.bin", echo, sizeof(echo));
    rig_write_text("line", "hello\nunread");
    rig_write("pass.bin", pass, sizeof(pass));
    rig_write("fail3.bin", fail3, sizeof(fail3));
    rig_write("jump.bin", jump, sizeof(jump));
    rig_write("loop.bin", loop, sizeof(loop));
    rig_write("sleep.bin", sleep, sizeof(sleep));
    rig_write("void.bin", astray, sizeof(astray));
    struct elf elf = elf_at(0x80000000);
    rig_write("loop.elf", &elf, sizeof(elf));
    rig_write("short.elf", &elf, sizeof(elf) - 4);
    rig_write("head.elf", &elf, 20);
    elf.header.e_machine = EM_X86_64;
    rig_write("x86.elf", &elf, sizeof(elf));
    elf = elf_at(0x20000);
    rig_write("outside.elf", &elf, sizeof(elf));
    rig_write_text("bad.yaml", "machine:\n  harts: 2\n  hearts: 3\n");
    rig_write_text("range.yaml", "machine:\n  harts: 65\n");
    rig_write_text("bad.dtb", "this is no devicetree, whatever its name may be, is it?");
    return 0;
}

static const struct {
    const char *arguments;
    int status;
    const char *sentence; /* a part of it */
} mistakes[] = {
    {"rum", STATUS_USAGE, "unknown verb 'rum', did you mean 'run'?"},
    {"run -kernal x", STATUS_USAGE, "unknown option '-kernal', did you mean 'kernel'?"},
    {"run --smp", STATUS_USAGE, "option -smp needs a value: N"},
    {"run --print-config=3", STATUS_USAGE, "option -print-config takes no value"},
    {"run prog.elf", STATUS_USAGE, "'prog.elf' is not an option: write -kernel prog.elf"},
    {"run -M spike", STATUS_USAGE, "there is no machine 'spike': accepted is virt"},
    {"run -M virt,aia=none", STATUS_CONFIG, "accepted is auto, aplic, aplic-imsic"},
    {"run -M virt,aia-gests=3", STATUS_USAGE, "-M virt has no 'aia-gests': accepted are aia"},
    {"run -M virt,imsic.guests=64", STATUS_CONFIG,
     "imsic.guests does not take '64': accepted is 0..63"},
    {"run --set imsic.guests", STATUS_USAGE, "--set imsic.guests: write key=value"},
    {"run --set imsic.gests=3", STATUS_CONFIG, "did you mean 'guests'"},
    {"run --set imsik.guests=3", STATUS_CONFIG, "did you mean 'imsic'"},
    {"run -smp 0", STATUS_CONFIG, "machine.harts does not take '0': accepted is 1..64"},
    {"run -smp 65", STATUS_CONFIG, "machine.harts does not take '65': accepted is 1..64"},
    {"run -m 65G", STATUS_CONFIG, "machine.memory does not take '65G': accepted is 16M..64G"},
    {"run -m 20000001B", STATUS_CONFIG, "machine.memory does not take"},
    {"run --set imsic.ids=100", STATUS_CONFIG, "imsic.ids is 100: accepted are 63, 127"},
    {"run --set hart.f=off", STATUS_CONFIG, "hart 0: extension d needs f"},
    {"run --set hart.alu=0", STATUS_CONFIG, "hart.alu does not take '0': accepted is 1..500"},
    {"run --set hart.pmp_entries=0", STATUS_CONFIG, "accepted is 1..64"},
    {"run --set hart.reset_pc=6", STATUS_CONFIG, "reset_pc is 0x6: accepted are multiples of 4"},
    {"run --set hart.icache_lines=300", STATUS_CONFIG,
     "icache_lines is 300: accepted are 0 and powers of two"},
    {"run --set iommu.ddt_entries=7", STATUS_CONFIG, "iommu.ddt_entries: 7 is not a power of two"},
    {"run --limit 3parsec", STATUS_CONFIG, "does not take '3parsec': accepted are cycles"},
    {"run --timing inordr", STATUS_CONFIG, "there is no timing preset 'inordr'"},
    {"run --timing none.yaml", STATUS_FILE, "none.yaml cannot be read"},
    {"run --config none.yaml", STATUS_FILE, "none.yaml cannot be read"},
    {"run --config bad.yaml", STATUS_CONFIG,
     "bad.yaml:3:3: unknown key 'machine.hearts', did you mean 'harts'?"},
    {"run --config range.yaml", STATUS_CONFIG, "range.yaml:2:10: machine.harts does not take"},
    {"run -bios none -kernel none.elf", STATUS_FILE, "none.elf"},
    {"run -bios none -kernel short.elf", STATUS_FILE, "short.elf"},
    {"run -bios none -kernel head.elf", STATUS_FILE, "head.elf"},
    {"run -bios none -kernel x86.elf", STATUS_FILE, "x86.elf"},
    {"run -bios none -kernel outside.elf", STATUS_FILE, "outside.elf"},
    {"run -bios none -kernel /", STATUS_FILE, "/"},
    {"run -bios none -kernel loop.bin -initrd none.img", STATUS_FILE, "none.img"},
    {"run -bios none -kernel loop.bin -dtb none.dtb", STATUS_FILE, "none.dtb"},
    {"run -bios none -kernel loop.bin -dtb bad.dtb", STATUS_FILE,
     "bad.dtb is not a devicetree blob"},
    {"run -bios none.bin", STATUS_FILE, "none.bin"},
    {"run -bios none -kernel loop.bin --limit 9 --trace /none/t", STATUS_HOST, "/none/t"},
    {"run -bios none -kernel loop.bin --limit 9 --stats /none/s", STATUS_HOST, "/none/s"},
    {"run --dump-dtb /none/dtb", STATUS_HOST, "/none/dtb cannot be written"},
    {"run -drive id=a", STATUS_USAGE, "-drive needs file=FILE"},
    {"run -drive file=line,if=none", STATUS_USAGE, "-drive if=none needs id=NAME"},
    {"run -drive file=line,if=scsi", STATUS_USAGE,
     "-drive if=scsi: accepted are none, virtio and pflash"},
    {"run -drive file=line,format=qcow2", STATUS_USAGE, "format=qcow2: accepted is format=raw"},
    {"run -drive file=line,readonly=yes", STATUS_USAGE, "readonly=yes: accepted are on and off"},
    {"run -drive line", STATUS_USAGE, "-drive does not take 'line': accepted are file, if"},
    {"run -device nvme,lun=3", STATUS_USAGE, "-device does not take 'lun=3': accepted are drive"},
    {"run -device loader,file=line", STATUS_USAGE, "-device loader needs file=FILE and addr="},
    {"run -device loader,fil=line", STATUS_USAGE, "-device loader does not take 'fil=line'"},
    {"run -device loader,file=line,addr=x", STATUS_FILE, "machine.loads has 'line@x': accepted is"},
    {"run -device loader,file=none.img,addr=0x81000000", STATUS_FILE, "none.img"},
    {"run -device loader,file=line,addr=0x10", STATUS_FILE, "line"},
    {"run -device floppy", STATUS_CONFIG, "device0.model does not take 'floppy'"},
    {"run -device nvme,drive=a", STATUS_CONFIG, "-device nvme: there is no -drive with id=a"},
    {"run -drive file=line,if=none,id=a", STATUS_CONFIG, "-drive id=a: no -device has drive=a"},
    {"run -drive file=line,if=none,id=a -device nvme,drive=a -device virtio-blk-pci,drive=a",
     STATUS_CONFIG, "drive a belongs to another device already"},
    {"run -device nvme-ns", STATUS_CONFIG, "there is no -device nvme for it"},
    {"run -device virtio-blk-pci", STATUS_CONFIG, "device0.file is empty"},
    {"run -drive file=line", STATUS_CONFIG, "line has 12 bytes: accepted are disks of one or more"},
    {"run -drive file=none.img", STATUS_CONFIG, "none.img cannot be opened for reading and"},
    {"run -drive file=line,if=pflash,unit=2", STATUS_USAGE, "unit=2: accepted are 0 and 1"},
    {"run -drive file=line,if=pflash,unit=1 -drive file=line,if=pflash,unit=1", STATUS_USAGE,
     "there is a file for bank 1 of flash already"},
    {"run -drive file=line,if=pflash", STATUS_CONFIG, "line has 12 bytes: accepted are disks"},
    {"run --gdb 65536", STATUS_USAGE, "--gdb 65536: accepted are ports, 1..65535"},
    {"run -S", STATUS_USAGE, "-S needs --gdb PORT, or -s"},
    {"run -fw_cfg opt/a", STATUS_USAGE, "accepted is name=NAME with file=FILE or string=TEXT"},
    {"run -fw_cfg opt/a,file=line,string=b", STATUS_USAGE, "file=FILE or string=TEXT"},
    {"run -fw_cfg opt/a,strung=b", STATUS_USAGE, "accepted are name, file, string"},
    {"run -fw_cfg opt/a,string=b -fw_cfg opt/a,string=c", STATUS_CONFIG,
     "fw_cfg_file1.name is 'opt/a', and so is that of fw_cfg_file0"},
    {"run -M virt,pflash0=a", STATUS_CONFIG, "-device pflash: there is no -drive with id=a"},
    {"run -blockdev driver=file,filename=line", STATUS_USAGE, "-blockdev needs driver=file,node-"},
    {"run -blockdev driver=nbd", STATUS_USAGE, "-blockdev driver=nbd: accepted is driver=file"},
    {"run -device edu,addr=20", STATUS_CONFIG, "addr=20: accepted are 1 to 1f"},
    {"run -device edu,addr=1.1", STATUS_CONFIG, "addr=1.1: accepted are 1 to 1f"},
    {"run -device edu,addr=1 -device edu,addr=01.0", STATUS_CONFIG, "device1.addr is 1: device0"},
    {"exp", STATUS_USAGE, "viaduct exp takes list, show NAME or run NAME..."},
    {"exp run", STATUS_USAGE, "viaduct exp run needs a name"},
    {"exp run a02-vsfile", STATUS_USAGE,
     "there is no experiment 'a02-vsfile', did you mean 'a02-vsfile-hot' or"},
    {"exp show nothing", STATUS_USAGE, "there is no experiment 'nothing'; accepted are"},
    {"exp run none.yaml", STATUS_FILE, "none.yaml cannot be read"},
    {"exp run bad.yaml", STATUS_CONFIG, "bad.yaml:3:3"},
    {"exp run demo --sweep bus.ram_read", STATUS_USAGE, "write key=value,value,..."},
    {"exp run demo --sweep bus.ram=1,2", STATUS_CONFIG, "unknown key 'bus.ram'"},
    {"exp run demo --out /proc/none", STATUS_HOST, "/proc/none cannot be made"},
    {"report", STATUS_USAGE, "viaduct report takes one argument"},
    {"report none", STATUS_FILE, "none"},
    {"trace", STATUS_USAGE, "viaduct trace takes one argument"},
    {"trace none", STATUS_FILE, "none"},
    {"trace loop.bin", STATUS_FILE, "loop.bin"},
    {"regs imsik", STATUS_USAGE, "there is no model 'imsik', did you mean 'imsic'?"},
};

static void bad_input_gets_one_sentence(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
        int status = rig_run(mistakes[i].arguments);
        if (status != mistakes[i].status || !strstr(rig_output, mistakes[i].sentence) ||
            strncmp(rig_output, "viaduct: ", 9) != 0)
            fail_msg("viaduct %s: status %d, not %d, or not the sentence with \"%s\":\n%s",
                     mistakes[i].arguments, status, mistakes[i].status, mistakes[i].sentence,
                     rig_output);
        if (strchr(rig_output, '\n') != rig_output + strlen(rig_output) - 1)
            fail_msg("viaduct %s: more than one line:\n%s", mistakes[i].arguments, rig_output);
    }
}

/* In either order; namespaces stand behind their controller. */
static void drives_meet_their_devices(void **state)
{
    (void)state;
    static const char arguments[] =
        "run --print-config -device nvme,id=n0,drive=a,serial=s1 -drive file=x,if=none,id=b "
        "-device virtio-rng-pci -drive file=y -device nvme-ns,bus=n0,drive=b "
        "-drive file=z,if=none,id=a,readonly=on";
    static const char *const lines[] = {
        "device0:.*\n  model: nvme .*\n  file: z .*\n  serial: s1 .*\n  readonly: true ",
        "device1:.*\n  model: nvme-ns .*\n  file: x .*\n",
        "device2:.*\n  model: virtio-rng-pci .*\n  file: \"\" ",
        "device3:.*\n  model: virtio-blk-pci .*\n  file: y ",
    };
    assert_int_equal(rig_run(arguments), 0);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        regex_t pattern;
        assert_int_equal(regcomp(&pattern, lines[i], REG_EXTENDED | REG_NEWLINE), 0);
        if (regexec(&pattern, rig_output, 0, NULL, 0) != 0)
            fail_msg("no %s in:\n%s", lines[i], rig_output);
        regfree(&pattern);
    }
}

/* A bank by its unit, by the order, and by the name of a drive. */
static void flash_is_given_its_files(void **state)
{
    (void)state;
    static const char *const ways[] = {
        "run --print-config -drive if=pflash,file=a,readonly=on -drive if=pflash,format=raw,file=b",
        "run --print-config -drive if=pflash,unit=1,file=b -drive "
        "if=pflash,unit=0,file=a,readonly=on",
        "run --print-config -M virt,pflash0=x,pflash1=y,acpi=off -drive if=none,id=y,file=b "
        "-blockdev node-name=x,driver=file,filename=a,read-only=on",
    };
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        assert_int_equal(rig_run(ways[i]), 0);
        const char *first = strstr(rig_output, "flash0:"), *second = strstr(rig_output, "flash1:");
        assert_non_null(first);
        assert_non_null(second);
        const char *a = strstr(first, "\n  file: a "), *b = strstr(second, "\n  file: b ");
        const char *fixed = strstr(first, "\n  readonly: true ");
        assert_true(a && a < second && b && fixed && fixed < second);
    }
}

/* As many as there are sections; a doubled comma is one. */
static void firmware_is_given_its_files(void **state)
{
    (void)state;
    assert_int_equal(rig_run("run --print-config -fw_cfg opt/a,string=x,,y=z -fw_cfg "
                             "file=line,name=opt/b"),
                     0);
    const char *first = strstr(rig_output, "fw_cfg_file0:");
    const char *second = strstr(rig_output, "fw_cfg_file1:");
    assert_true(first && second);
    const char *name = strstr(first, "\n  name: opt/a "), *text = strstr(first, "x,y=z");
    assert_true(name && text && name < second && text < second);
    assert_non_null(strstr(second, "\n  name: opt/b "));
    assert_non_null(strstr(second, "\n  file: line "));
}

static void the_guest_s_status_passes_through(void **state)
{
    (void)state;
    assert_int_equal(rig_run("run -bios none -kernel pass.bin"), 0);
    assert_string_equal(rig_output, "");
    assert_int_equal(rig_run("run -bios none -kernel fail3.bin"), 3);
    assert_int_equal(rig_run("run -bios pass.bin"), 0);
    assert_int_equal(rig_run("run -smp 4 --timing inorder -bios none -kernel pass.bin"), 0);
}

static void limit_always_ends_a_run(void **state)
{
    (void)state;
    assert_int_equal(rig_run("run -bios none -kernel loop.bin --limit 1000"), STATUS_LIMIT);
    assert_non_null(strstr(rig_output, "the limit of 1000 cycles was reached"));
    assert_non_null(strstr(rig_output, "hart 0: pc 0x80000000, M mode"));
    assert_int_equal(rig_run("run -bios none -kernel loop.elf --limit 3us"), STATUS_LIMIT);
    assert_non_null(strstr(rig_output, "the limit of 3000 cycles was reached"));
    assert_null(strstr(rig_output, "traps for ever"));
    assert_int_equal(rig_run("run -smp 2 -bios none -kernel void.bin --limit 3us"), STATUS_LIMIT);
    assert_non_null(strstr(rig_output, "hart 1: pc 0x0, M mode, running; it traps for ever\n"));
}

/* The kernel is a jump to what is loaded. */
static void files_are_loaded_where_they_are_told(void **state)
{
    (void)state;
    assert_int_equal(
        rig_run("run -bios none -kernel jump.bin -device loader,file=line,addr=0x81000000 "
                "-device loader,file=fail3.bin,addr=0x83e00000"),
        3);
    assert_int_equal(rig_run("run -bios none -kernel fail3.bin -device loader,file=pass.bin,"
                             "addr=0x80000000"),
                     0);
}

static void a_reset_starts_the_machine_again(void **state)
{
    (void)state;
    assert_int_equal(rig_run("run -smp 1 -bios none -kernel reboot.bin --limit 100us"), 0);
}

static void input_that_is_no_terminal_reaches_the_uart(void **state)
{
    (void)state;
    assert_int_equal(rig_run("run -bios none -kernel echo.bin --limit 1s < line"), 0);
    assert_string_equal(rig_output, "hello\n");
    assert_int_equal(rig_run("run -bios none -kernel echo.bin --limit 1ms </dev/null"),
                     STATUS_LIMIT);
}

static void a_deadlock_is_recognised(void **state)
{
    (void)state;
    assert_int_equal(rig_run("run -smp 2 -bios none -kernel sleep.bin"), STATUS_DEADLOCK);
    assert_non_null(strstr(rig_output, "every hart sleeps"));
    assert_non_null(strstr(rig_output, "hart 1: pc 0x8000000"));
}

static void printed_configuration_reads_back(void **state)
{
    (void)state;
    assert_int_equal(rig_run("run -smp 3 --timing inorder --set imsic.ids=127 --append 'a: \"b\"' "
                             "--print-config > first.yaml"),
                     0);
    assert_int_equal(rig_run("run --config first.yaml --print-config > second.yaml"), 0);
    char command[256];
    snprintf(command, sizeof(command), "cd %s && cmp first.yaml second.yaml", rig_folder);
    assert_int_equal(system(command), 0);
    assert_int_equal(rig_run("run --config first.yaml --set hart.alu=7 --print-config"), 0);
    assert_non_null(strstr(rig_output, "  harts: 3 "));
    assert_non_null(strstr(rig_output, "  ids: 127 "));
    assert_non_null(strstr(rig_output, "  alu: 7 "));
}

static void the_devicetree_satisfies_dtc(void **state)
{
    (void)state;
    char command[256];
    assert_int_equal(rig_run("run -smp 2 --dump-dtb virt.dtb"), 0);
    snprintf(command, sizeof(command), "cd %s && dtc -q -I dtb -O dts -o virt.dts virt.dtb",
             rig_folder);
    assert_int_equal(system(command), 0);
}

static void every_verb_has_help(void **state)
{
    (void)state;
    static const char *const verbs[] = {"", "run", "exp", "report", "trace", "regs"};
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        char arguments[64];
        snprintf(arguments, sizeof(arguments), "%s --help", verbs[i]);
        assert_int_equal(rig_run(arguments), 0);
        assert_non_null(strstr(rig_output, "viaduct "));
    }
    assert_int_equal(rig_run("exp list"), 0);
    assert_non_null(strstr(rig_output, "a02-vsfile-hot"));
    assert_int_equal(rig_run("exp show a02-vsfile-hot"), 0);
    assert_non_null(strstr(rig_output, "expectation:"));
    assert_int_equal(rig_run("regs iommu"), 0);
    assert_non_null(strstr(rig_output, "| 0x000 | capabilities | 8 bytes, reset 0xff8efefcf10 |"));
    assert_non_null(strstr(rig_output, "| 0x008 | fctl | 4 bytes, reset 0x0 |"));
    assert_int_equal(rig_run("regs endpoint"), 0);
    assert_non_null(strstr(rig_output, "| vectors | 4 bytes, reset 0x40 |"));
    assert_int_equal(rig_run("regs nvme"), 0);
    assert_non_null(strstr(rig_output, "| CAP | 8 bytes, reset 0x20010103ff |"));
    assert_int_equal(rig_run("regs imsic"), 0);
    assert_non_null(strstr(rig_output, "seteipnum_le"));
}

static void same_inputs_give_the_same_trace_hash(void **state)
{
    (void)state;
    static const char *const variants[] = {"", "--trace t.trace", "--set machine.limit=5000000"};
    char first[64] = "";
    for (size_t i = 0; i < 3; i++) {
        char arguments[256];
        snprintf(arguments, sizeof(arguments),
                 "run -smp 2 -bios default -kernel pass.bin --stats s.json --limit 20ms %s; cat "
                 "s.json",
                 variants[i]);
        rig_run(arguments);
        const char *hash = strstr(rig_output, "trace.hash");
        assert_non_null(hash);
        if (i == 0)
            snprintf(first, sizeof(first), "%.40s", hash);
        assert_memory_equal(first, hash, strcspn(hash, ",\n"));
    }
    assert_int_equal(rig_run("trace t.trace"), 0);
    assert_non_null(strstr(rig_output, " ns "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_input_gets_one_sentence),
        cmocka_unit_test(drives_meet_their_devices),
        cmocka_unit_test(flash_is_given_its_files),
        cmocka_unit_test(firmware_is_given_its_files),
        cmocka_unit_test(the_guest_s_status_passes_through),
        cmocka_unit_test(limit_always_ends_a_run),
        cmocka_unit_test(files_are_loaded_where_they_are_told),
        cmocka_unit_test(a_reset_starts_the_machine_again),
        cmocka_unit_test(input_that_is_no_terminal_reaches_the_uart),
        cmocka_unit_test(a_deadlock_is_recognised),
        cmocka_unit_test(printed_configuration_reads_back),
        cmocka_unit_test(the_devicetree_satisfies_dtc),
        cmocka_unit_test(every_verb_has_help),
        cmocka_unit_test(same_inputs_give_the_same_trace_hash),
    };
    return cmocka_run_group_tests(tests, write_files, rig_remove);
}
