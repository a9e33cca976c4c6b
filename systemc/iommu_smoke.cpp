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

/* Device 2 has processes, ATS and page requests. */
constexpr uint32_t device = 1, ats_device = 2, process = 5;
constexpr uint64_t iova = 0x40000000, target = 0x80f00000, msi_page = 0x50000000;
constexpr vd_time latency = 10000, settled = 10000000;
constexpr uint32_t identity = 3;

uint64_t updated_pte, mrif, fence; /* where they are in memory */
constexpr uint64_t fence_data = 0x5eed;

struct Access {
    uint64_t addr; /* where the device's access went */
    vd_time time;  /* when it was answered */
    int status;
    uint64_t data; /* of a read */
};

struct Message {
    uint32_t device, code;
    uint64_t data[2];

    bool operator==(const Message &other) const
    {
        return device == other.device && code == other.code && data[0] == other.data[0] &&
               data[1] == other.data[1];
    }
};

enum { PAGE_REQUEST = 4, COMPLETION = 2, INVALIDATION = 1 }; /* PCIe message codes */

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
    uint64_t directory = bed_pages(t, 1);
    bench_poke(&t->b, directory + 16 * process, 8, 1);
    bench_poke(&t->b, directory + 16 * process + 8, 8, dc.fsc);
    dc.tc = 1 | 1 << 1 | 1 << 2 | 1 << 5; /* EN_ATS, EN_PRI, PDTV */
    dc.fsc = UINT64_C(1) << 60 | ppn(directory);
    ::bed_dc(t, ats_device, &dc);
    fence = bed_pages(t, 1);
    bench_poke(&t->b, t->cq, 8, 4 | uint64_t{ats_device} << 40); /* ATS.INVAL */
    bench_poke(&t->b, t->cq + 8, 8, iova | 1);
    bench_poke(&t->b, t->cq + 16, 8, 2 | 1 << 10 | fence_data << 32); /* IOFENCE.C */
    bench_poke(&t->b, t->cq + 24, 8, fence >> 2);
}

struct Request {
    uint64_t address;
    tlm::tlm_command command;
    uint32_t device, attrs, process_id;
    vd_at at;
    bool atomic; /* it makes the IOMMU access memory so */
};

constexpr size_t mrif_request = 4; /* its address is that of the notice, or none */
const Request requests[] = {
    /* A cold translation, a cached one, a page fault, whose record goes to the fault queue; a page
     * whose A and D are set by compare-and-swap, and an MSI whose bit is ORed into an MRIF. */
    {iova + 0x18, tlm::TLM_WRITE_COMMAND, device, 0, 0, VD_AT_UNTRANSLATED, false},
    {iova + 0x20, tlm::TLM_WRITE_COMMAND, device, 0, 0, VD_AT_UNTRANSLATED, false},
    {iova + 0x1000, tlm::TLM_WRITE_COMMAND, device, 0, 0, VD_AT_UNTRANSLATED, false},
    {iova + 0x2008, tlm::TLM_WRITE_COMMAND, device, 0, 0, VD_AT_UNTRANSLATED, true},
    {iova + 0x3000, tlm::TLM_WRITE_COMMAND, device, 0, 0, VD_AT_UNTRANSLATED, true},
    /* A process that exists, one that does not, and none. */
    {iova + 0x28, tlm::TLM_WRITE_COMMAND, ats_device, VD_PROCESS_ID, process, VD_AT_UNTRANSLATED,
     false},
    {iova + 0x30, tlm::TLM_WRITE_COMMAND, ats_device, VD_PROCESS_ID, process + 1,
     VD_AT_UNTRANSLATED, false},
    {0x80000000, tlm::TLM_READ_COMMAND, ats_device, 0, 0, VD_AT_UNTRANSLATED, false},
    /* Translation requests: with rights, without, refused; and a translated access. */
    {iova, tlm::TLM_READ_COMMAND, ats_device, VD_PROCESS_ID, process, VD_AT_TRANSLATION_REQUEST,
     false},
    {iova + 0x1000, tlm::TLM_READ_COMMAND, ats_device, VD_PROCESS_ID, process,
     VD_AT_TRANSLATION_REQUEST, false},
    {iova, tlm::TLM_READ_COMMAND, device, 0, 0, VD_AT_TRANSLATION_REQUEST, false},
    {target + 0x38, tlm::TLM_WRITE_COMMAND, ats_device, 0, 0, VD_AT_TRANSLATED, false},
};
constexpr size_t translation_request = 8, unsupported_request = 10;
/* Of page `iova`, to be written, the last of group 9; and the answer to ITag 0. */
constexpr uint64_t page_request = iova | 9 << 3 | 1 << 2 | 1 << 1,
                   completion = UINT64_C(1) << 32 | 1;

std::vector<Access> on_the_workbench(testbed *t)
{
    std::vector<Access> results;
    t->b.latency = latency;
    for (const Request &r : requests) {
        bench_forget(&t->b);
        uint32_t before = t->num_answers;
        bool reads = r.command == tlm::TLM_READ_COMMAND;
        vd_txn txn = reads ? bench_read(r.address, 8) : bench_write(r.address, 4, identity);
        vd_time start = t->b.now;
        txn.requester = r.device;
        txn.attrs = r.attrs;
        txn.process_id = r.process_id;
        txn.at = r.at;
        iommu_submit(t->m, &txn);
        while (t->num_answers == before)
            bench_run(&t->b, 1000);
        const vd_txn &answer = t->answers[before];
        bool went = answer.status == VD_OK && !reads;
        results.push_back({went ? bed_where(t) : 0, t->b.now - start, answer.status,
                           reads && answer.status == VD_OK ? answer.data[0] : 0});
        bed_settle(t);
    }
    return results;
}

/* A page request, whose record goes to its queue, and an invalidation: the fence behind it is
 * complete when the device has answered. */
std::vector<Message> messages_on_the_workbench(testbed *t)
{
    vd_txn txn = {};
    txn.requester = ats_device;
    txn.attrs = VD_PROCESS_ID;
    txn.process_id = process;
    txn.tag = PAGE_REQUEST;
    txn.data[0] = page_request;
    iommu_message(t->m, &txn);
    bed_settle(t);
    bed_set(t, REG_OFFSET_CQT, 4, 2);
    bench_run(&t->b, settled);
    txn = {};
    txn.requester = ats_device;
    txn.tag = COMPLETION;
    txn.data[0] = completion;
    iommu_message(t->m, &txn);
    bench_run(&t->b, settled);
    std::vector<Message> messages;
    for (uint32_t i = 0; i < t->num_messages; i++)
        messages.push_back({t->messages[i].device_id,
                            t->messages[i].code,
                            {t->messages[i].payload[0], t->messages[i].payload[1]}});
    return messages;
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
        if (from && (from->requester == device || from->requester == ats_device))
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
    tlm_utils::simple_target_socket<Device> messages{"messages"};
    Memory &memory;
    std::vector<Access> results;
    std::vector<Message> received;
    uint64_t capabilities = 0, before_completion = 0;
    vd_time posted_time = 0;

    SC_HAS_PROCESS(Device);
    Device(sc_core::sc_module_name name, Memory &m) : sc_module(name), memory(m)
    {
        SC_THREAD(run);
        messages.register_b_transport(this, &Device::receive);
    }

    void receive(tlm::tlm_generic_payload &payload, sc_core::sc_time &)
    {
        const RequesterExtension *to = nullptr;
        const MessageExtension *message = nullptr;
        payload.get_extension(to);
        payload.get_extension(message);
        Message m = {to->requester, message->code, {}};
        std::memcpy(m.data, payload.get_data_ptr(), sizeof(m.data));
        received.push_back(m);
        payload.set_response_status(tlm::TLM_OK_RESPONSE);
    }

    int perform(tlm_utils::simple_initiator_socket<Device> &to, tlm::tlm_command command,
                uint64_t address, void *data, unsigned size, RequesterExtension who = {},
                MessageExtension *message = nullptr)
    {
        tlm::tlm_generic_payload payload;
        sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
        payload.set_command(command);
        payload.set_address(address);
        payload.set_data_ptr(static_cast<unsigned char *>(data));
        payload.set_data_length(size);
        payload.set_streaming_width(size);
        payload.set_extension(&who);
        if (message)
            payload.set_extension(message);
        to->b_transport(payload, delay);
        payload.clear_extension(&who);
        if (message)
            payload.clear_extension(message);
        wait(delay);
        return payload.is_response_ok() == (who.status == VD_OK) ? who.status : VD_POISON;
    }

    static RequesterExtension from(const Request &r)
    {
        RequesterExtension who;
        who.requester = r.device;
        who.attrs = r.attrs;
        who.process_id = r.process_id;
        who.at = r.at;
        return who;
    }

    void ask(const Request &r)
    {
        bool reads = r.command == tlm::TLM_READ_COMMAND;
        uint64_t data = reads ? 0 : identity;
        vd_time start = sc_core::sc_time_stamp().value();
        int status = perform(socket, r.command, r.address, &data, reads ? 8 : 4, from(r));
        vd_time time = sc_core::sc_time_stamp().value() - start;
        results.push_back({status == VD_OK && !reads ? memory.last : 0, time, status,
                           reads && status == VD_OK ? data : 0});
    }

    void send(uint32_t code, uint64_t data, uint32_t attrs)
    {
        RequesterExtension who;
        MessageExtension message;
        who.requester = ats_device;
        who.attrs = attrs;
        who.process_id = process;
        message.code = code;
        perform(socket, tlm::TLM_IGNORE_COMMAND, 0, &data, 8, who, &message);
        wait(sc_core::sc_time::from_value(settled));
    }

    /* It is answered at once, and goes its way. */
    void post()
    {
        Request r = requests[1];
        vd_time start = sc_core::sc_time_stamp().value();
        r.attrs = VD_POSTED;
        r.address = iova + 0x40;
        ask(r);
        posted_time = sc_core::sc_time_stamp().value() - start;
        results.pop_back();
        wait(sc_core::sc_time::from_value(settled));
    }

    void run()
    {
        uint32_t tail = 2;
        perform(registers, tlm::TLM_READ_COMMAND, 0, &capabilities, 8);
        for (const Request &r : requests)
            ask(r);
        send(PAGE_REQUEST, page_request, VD_PROCESS_ID);
        perform(registers, tlm::TLM_WRITE_COMMAND, REG_OFFSET_CQT, &tail, 4);
        wait(sc_core::sc_time::from_value(settled));
        before_completion = memory.doubleword(fence);
        send(COMPLETION, completion, 0);
        post();
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
        iommu.messages.bind(requester.messages);
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
                    name, (unsigned long long)requests[i].address, (unsigned long long)c.addr,
                    c.status, (unsigned long long)c.time, (unsigned long long)tlm.addr, tlm.status,
                    (unsigned long long)tlm.time);
        bool slower = !world.memory.knows_atomics && requests[i].atomic;
        same &= i == mrif_request || c.addr == tlm.addr;
        same &= c.data == tlm.data && c.status == tlm.status &&
                (slower ? c.time < tlm.time : c.time == tlm.time);
    }
    same &= world.memory.doubleword(updated_pte) == bench_peek(&t.b, updated_pte, 8);
    same &= world.memory.doubleword(mrif) == bench_peek(&t.b, mrif, 8);
    return same;
}

bool equal_messages(const World &world, const testbed &t, const std::vector<Message> &expected)
{
    const Device &d = world.requester;
    bool same = d.received == expected && d.before_completion == 0;
    same &= (world.memory.doubleword(fence) & UINT32_MAX) == fence_data;
    for (unsigned i = 0; i < 16; i += 8)
        same &= world.memory.doubleword(t.pq + i) == bench_peek(&t.b, t.pq + i, 8);
    return same && d.posted_time == 0 && world.memory.last == target + 0x40;
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
    std::vector<Message> messages = messages_on_the_workbench(&t);
    sc_core::sc_start();

    bool same = equal("atomic", atomic, t, expected) & equal("plain", plain, t, expected);
    same &= equal_messages(atomic, t, messages) & equal_messages(plain, t, messages);
    same &= expected[0].addr == target + 0x18 && expected[2].status != VD_OK;
    same &= expected[5].addr == target + 0x28 && expected[6].status != VD_OK;
    same &= expected[translation_request].data >> 12 == ppn(target);
    same &= expected[unsupported_request].status == VD_UNSUPPORTED;
    same &= messages.size() == 1 && messages[0].code == INVALIDATION &&
            (bench_peek(&t.b, t.pq + 8, 8) | 1) == (page_request | 1);
    same &= (bench_peek(&t.b, updated_pte, 8) & (A | D)) == (A | D);
    same &= bench_peek(&t.b, mrif, 8) == 1u << identity;
    std::puts(same ? "same" : "DIFFERENT");
    bed_close(&t);
    return same ? 0 : 1;
}
