/* SPDX-License-Identifier: BSD-2-Clause */
/* The same requests to the same IOMMU in two worlds, the C workbench and SystemC: same translation,
 * same time. */
#include "iommu_tlm.h"

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

extern "C" {
#include "iommu/iommu_testbed.h"
}

namespace
{

constexpr uint32_t device = 1;
constexpr uint64_t iova = 0x40000000, target = 0x80f00000, msi_page = 0x50000000;
constexpr vd_time latency = 10000;
constexpr uint32_t identity = 3;

uint64_t updated_pte, mrif; /* where they are in memory */

struct Access {
    uint64_t addr; /* where the device's access went */
    vd_time time;  /* when it was answered */
    int status;
};

uint64_t ppn(uint64_t address)
{
    return address >> 12;
}

void make_tables(testbed *t)
{
    bed_start(t, 2);
    uint64_t first = bed_pages(t, 1), second = bed_pages(t, 4);
    for (uint64_t a = 0x80000000; a < 0x80400000; a += 0x200000)
        bed_map(t, second, 3, true, a, a, 1, RWXAD | U);
    bed_map(t, first, 3, false, iova, 0x10000000, 0, RWXAD | U);
    bed_map(t, second, 3, true, 0x10000000, target, 0, RWXAD | U);
    updated_pte = bed_map(t, first, 3, false, iova + 0x2000, 0x10000000, 0, V | R | W | U);
    bed_map(t, first, 3, false, iova + 0x3000, msi_page, 0, RWXAD | U);
    uint64_t msi = bed_pages(t, 1);
    mrif = bed_pages(t, 1);
    bench_poke(&t->b, msi, 8, mrif >> 9 << 7 | 3);
    bench_poke(&t->b, msi + 8, 8, ppn(IMSIC_WINDOW) << 10 | 5);
    struct bed_dc dc = {};
    dc.tc = 1 | 1 << 7 | 1 << 8; /* GADE, SADE */
    dc.msiptp = UINT64_C(1) << 60 | ppn(msi);
    dc.pattern = ppn(msi_page);
    dc.iohgatp = UINT64_C(8) << 60 | ppn(second);
    dc.fsc = UINT64_C(8) << 60 | ppn(first);
    ::bed_dc(t, device, &dc);
}

/* A cold translation, a cached one, a page fault, whose record goes to the fault queue; a page
 * whose A and D are set by compare-and-swap, and an MSI whose bit is ORed into an MRIF. */
const uint64_t requests[] = {iova + 0x18, iova + 0x20, iova + 0x1000, iova + 0x2008, iova + 0x3000};
constexpr size_t mrif_request = 4; /* its address is that of the notice, or none */

std::vector<Access> on_the_workbench(testbed *t)
{
    std::vector<Access> results;
    t->b.latency = latency;
    for (uint64_t address : requests) {
        bench_forget(&t->b);
        uint32_t before = t->num_answers;
        vd_txn txn = bench_write(address, 4, identity);
        vd_time start = t->b.now;
        txn.requester = device;
        iommu_submit(t->m, &txn);
        while (t->num_answers == before)
            bench_run(&t->b, 1000);
        int status = t->answers[before].status;
        results.push_back({status == VD_OK ? bed_where(t) : 0, t->b.now - start, status});
        bed_settle(t);
    }
    return results;
}

/* RAM and whatever else an address is: the device's target. */
struct Memory : sc_core::sc_module {
    tlm_utils::simple_target_socket<Memory> socket{"socket"};
    uint64_t base;
    std::vector<uint8_t> ram;
    bool knows_atomics;
    uint64_t last = 0;

    Memory(sc_core::sc_module_name name, const bench *world, bool atomics)
        : sc_module(name), base(world->ram_base), ram(world->ram, world->ram + world->ram_size),
          knows_atomics(atomics)
    {
        socket.register_b_transport(this, &Memory::transport);
    }

    uint64_t doubleword(uint64_t address) const
    {
        uint64_t value;
        std::memcpy(&value, &ram[address - base], sizeof(value));
        return value;
    }

    static void perform(uint8_t *at, tlm::tlm_generic_payload &payload, AtomicExtension &atomic)
    {
        uint64_t old = 0;
        std::memcpy(&old, at, payload.get_data_length());
        uint64_t result = atomic.result(old);
        std::memcpy(at, &result, payload.get_data_length());
        std::memcpy(payload.get_data_ptr(), &old, payload.get_data_length());
        atomic.done = true;
    }

    void transport(tlm::tlm_generic_payload &payload, sc_core::sc_time &delay)
    {
        wait(sc_core::sc_time::from_value(latency));
        (void)delay;
        const RequesterExtension *from = nullptr;
        payload.get_extension(from);
        AtomicExtension *atomic = nullptr;
        payload.get_extension(atomic);
        uint64_t address = payload.get_address(), offset = address - base;
        if (from && from->requester == device)
            last = address;
        if (offset >= ram.size()) {
            payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
            return;
        }
        unsigned char *data = payload.get_data_ptr();
        if (atomic && knows_atomics)
            perform(&ram[offset], payload, *atomic);
        else if (payload.is_read())
            std::memcpy(data, &ram[offset], payload.get_data_length());
        else if (payload.is_write())
            std::memcpy(&ram[offset], data, payload.get_data_length());
        payload.set_response_status(tlm::TLM_OK_RESPONSE);
    }
};

struct Device : sc_core::sc_module {
    tlm_utils::simple_initiator_socket<Device> socket{"socket"};
    tlm_utils::simple_initiator_socket<Device> registers{"registers"};
    Memory &memory;
    std::vector<Access> results;
    uint64_t capabilities = 0;

    SC_HAS_PROCESS(Device);
    Device(sc_core::sc_module_name name, Memory &m) : sc_module(name), memory(m)
    {
        SC_THREAD(run);
    }

    int perform(tlm_utils::simple_initiator_socket<Device> &to, tlm::tlm_command command,
                uint64_t address, void *data, unsigned size)
    {
        tlm::tlm_generic_payload payload;
        RequesterExtension who;
        sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
        who.requester = device;
        payload.set_command(command);
        payload.set_address(address);
        payload.set_data_ptr(static_cast<unsigned char *>(data));
        payload.set_data_length(size);
        payload.set_streaming_width(size);
        payload.set_extension(&who);
        to->b_transport(payload, delay);
        payload.clear_extension(&who);
        wait(delay);
        return payload.is_response_ok() ? VD_OK : VD_UNSUPPORTED;
    }

    void run()
    {
        perform(registers, tlm::TLM_READ_COMMAND, 0, &capabilities, 8);
        for (uint64_t address : requests) {
            uint32_t data = identity;
            vd_time start = sc_core::sc_time_stamp().value();
            int status = perform(socket, tlm::TLM_WRITE_COMMAND, address, &data, 4);
            vd_time time = sc_core::sc_time_stamp().value() - start;
            results.push_back({status == VD_OK ? memory.last : 0, time, status});
        }
    }
};

/* One IOMMU in SystemC, its memory and a device. */
struct World {
    Memory memory;
    IommuTlm iommu;
    Device requester;

    World(const char *name, testbed *t, const iommu_config &config, bool atomics)
        : memory((std::string(name) + "_memory").c_str(), &t->b, atomics),
          iommu((std::string(name) + "_iommu").c_str(), config),
          requester((std::string(name) + "_device").c_str(), memory)
    {
        /* What the tables and registers made of the one IOMMU, the other starts with. */
        std::vector<char> state(iommu_save(t->m, nullptr, 0));
        iommu_save(t->m, state.data(), state.size());
        iommu_restore(iommu.model(), state.data(), state.size());
        iommu.memory.bind(memory.socket);
        requester.socket.bind(iommu.devices);
        requester.registers.bind(iommu.registers);
    }
};

/* Where memory knows no atomic accesses, they take longer and do the same. */
bool equal(const char *name, const World &world, const testbed &t,
           const std::vector<Access> &expected)
{
    const std::vector<Access> &results = world.requester.results;
    bool same = results.size() == expected.size() && (world.requester.capabilities & 0xff) == 0x10;
    for (size_t i = 0; i < expected.size() && i < results.size(); i++) {
        const Access &c = expected[i], &tlm = results[i];
        std::printf("%s: IOVA %#llx: workbench %#llx status %d at %llu ps, TLM %#llx status %d at "
                    "%llu ps\n",
                    name, (unsigned long long)requests[i], (unsigned long long)c.addr, c.status,
                    (unsigned long long)c.time, (unsigned long long)tlm.addr, tlm.status,
                    (unsigned long long)tlm.time);
        bool slower = !world.memory.knows_atomics && i > 2;
        same &= i == mrif_request || c.addr == tlm.addr;
        same &= c.status == tlm.status && (slower ? c.time < tlm.time : c.time == tlm.time);
    }
    same &= world.memory.doubleword(updated_pte) == bench_peek(&t.b, updated_pte, 8);
    same &= world.memory.doubleword(mrif) == bench_peek(&t.b, mrif, 8);
    return same;
}

} // namespace

int sc_main(int, char **)
{
    static testbed t;
    iommu_config config = {};
    config.timing = inorder;
    config.timing.request_interval = 0;
    config.cycle_ps = 1000;
    bed_open(&t, &config);
    make_tables(&t);

    World atomic("atomic", &t, config, true), plain("plain", &t, config, false);
    std::vector<Access> expected = on_the_workbench(&t);
    sc_core::sc_start();

    bool same = equal("atomic", atomic, t, expected) & equal("plain", plain, t, expected);
    same &= expected[0].addr == target + 0x18 && expected[2].status != VD_OK;
    same &= (bench_peek(&t.b, updated_pte, 8) & (A | D)) == (A | D);
    same &= bench_peek(&t.b, mrif, 8) == 1u << identity;
    std::puts(same ? "same" : "DIFFERENT");
    bed_close(&t);
    return same ? 0 : 1;
}
