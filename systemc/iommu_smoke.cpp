/* SPDX-License-Identifier: BSD-2-Clause */
/* The same requests to the same IOMMU in two worlds, the C workbench and SystemC: same translation,
 * same time. */
#include "iommu_tlm.h"

#include <cstdio>
#include <cstring>
#include <vector>

extern "C" {
#include "iommu/iommu_testbed.h"
}

namespace
{

constexpr uint32_t device = 1;
constexpr uint64_t iova = 0x40000000, target = 0x80f00000;
constexpr vd_time latency = 10000;

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
    struct bed_dc dc = {};
    dc.tc = 1;
    dc.iohgatp = UINT64_C(8) << 60 | ppn(second);
    dc.fsc = UINT64_C(8) << 60 | ppn(first);
    ::bed_dc(t, device, &dc);
}

/* A cold translation, a cached one, and a page fault, whose record goes to the fault queue. */
const uint64_t requests[] = {iova + 0x18, iova + 0x20, iova + 0x1000};

std::vector<Access> on_the_workbench(testbed *t)
{
    std::vector<Access> results;
    t->b.latency = latency;
    for (uint64_t address : requests) {
        bench_forget(&t->b);
        uint32_t before = t->num_answers;
        vd_txn txn = bench_write(address, 4, 0);
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
    bench *b;
    uint64_t last = 0;

    Memory(sc_core::sc_module_name name, bench *world) : sc_module(name), b(world)
    {
        socket.register_b_transport(this, &Memory::transport);
    }

    void transport(tlm::tlm_generic_payload &payload, sc_core::sc_time &delay)
    {
        wait(sc_core::sc_time::from_value(latency));
        (void)delay;
        const RequesterExtension *from = nullptr;
        payload.get_extension(from);
        uint64_t address = payload.get_address(), offset = address - b->ram_base;
        if (from && from->requester == device)
            last = address;
        if (offset >= b->ram_size) {
            payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
            return;
        }
        unsigned char *data = payload.get_data_ptr();
        if (payload.is_read())
            std::memcpy(data, b->ram + offset, payload.get_data_length());
        else
            std::memcpy(b->ram + offset, data, payload.get_data_length());
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
            uint32_t data = 0;
            vd_time start = sc_core::sc_time_stamp().value();
            int status = perform(socket, tlm::TLM_WRITE_COMMAND, address, &data, 4);
            vd_time time = sc_core::sc_time_stamp().value() - start;
            results.push_back({status == VD_OK ? memory.last : 0, time, status});
        }
    }
};

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

    /* What the tables and registers made of the one IOMMU, the other starts with. */
    IommuTlm iommu("iommu", config);
    std::vector<char> state(iommu_save(t.m, nullptr, 0));
    iommu_save(t.m, state.data(), state.size());
    iommu_restore(iommu.model(), state.data(), state.size());
    std::vector<Access> expected = on_the_workbench(&t);

    Memory memory("memory", &t.b);
    Device requester("device", memory);
    iommu.memory.bind(memory.socket);
    requester.socket.bind(iommu.devices);
    requester.registers.bind(iommu.registers);
    sc_core::sc_start();

    bool same =
        requester.results.size() == expected.size() && (requester.capabilities & 0xff) == 0x10;
    for (size_t i = 0; i < expected.size() && i < requester.results.size(); i++) {
        const Access &c = expected[i], &tlm = requester.results[i];
        std::printf(
            "IOVA %#llx: workbench %#llx status %d at %llu ps, TLM %#llx status %d at %llu ps\n",
            (unsigned long long)requests[i], (unsigned long long)c.addr, c.status,
            (unsigned long long)c.time, (unsigned long long)tlm.addr, tlm.status,
            (unsigned long long)tlm.time);
        same &= c.addr == tlm.addr && c.status == tlm.status && c.time == tlm.time;
    }
    same &= expected[0].addr == target + 0x18 && expected[2].status != VD_OK;
    std::puts(same ? "same" : "DIFFERENT");
    bed_close(&t);
    return same ? 0 : 1;
}
