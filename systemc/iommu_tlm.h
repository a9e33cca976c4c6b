/* SPDX-License-Identifier: BSD-2-Clause */
/* The IOMMU as a SystemC module: registers and devices enter by target sockets, its own and the
 * translated accesses leave by an initiator socket.  One tick of SystemC, a picosecond, is one of
 * the model's. */
#ifndef SYSTEMC_IOMMU_TLM_H
#define SYSTEMC_IOMMU_TLM_H

#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>
#include <utility>

extern "C" {
#include "iommu/iommu.h"
}

/* Says who a transaction is from, and what struct vd_txn says besides; without it, device 0's plain
 * access. */
struct RequesterExtension : tlm::tlm_extension<RequesterExtension> {
    uint32_t requester = 0;
    uint32_t attrs = 0;            /* VD_PROCESS_ID, VD_PRIVILEGED, VD_EXEC, VD_POSTED, ... */
    uint32_t process_id = 0;       /* with VD_PROCESS_ID */
    vd_at at = VD_AT_UNTRANSLATED; /* a translation request reads 8 bytes, the answer */
    uint16_t rcid = 0, mcid = 0;   /* QoS */
    vd_status status = VD_OK;      /* the result, where the payload's knows fewer */

    tlm::tlm_extension_base *clone() const override
    {
        return new RequesterExtension(*this);
    }
    void copy_from(const tlm::tlm_extension_base &other) override
    {
        *this = static_cast<const RequesterExtension &>(other);
    }
};

/* An atomic access, with TLM_IGNORE_COMMAND: a target that knows it performs `command` on the
 * payload's bytes at its address in one step, puts what was there into the payload's data and sets
 * `done`. */
struct AtomicExtension : tlm::tlm_extension<AtomicExtension> {
    vd_cmd command = VD_OR;             /* VD_CAS or VD_OR */
    uint64_t operand = 0, expected = 0; /* stored if equal to `expected`; or ORed */
    bool done = false;

    tlm::tlm_extension_base *clone() const override
    {
        return new AtomicExtension(*this);
    }
    void copy_from(const tlm::tlm_extension_base &other) override
    {
        *this = static_cast<const AtomicExtension &>(other);
    }
    /* What is in memory afterwards. */
    uint64_t result(uint64_t old) const
    {
        return command == VD_OR ? old | operand : old == expected ? operand : old;
    }
};

/* A PCIe message, with TLM_IGNORE_COMMAND, to or from the device that RequesterExtension names. The
 * payload's data are the two doublewords of struct iommu_device_port and iommu_message(). */
struct MessageExtension : tlm::tlm_extension<MessageExtension> {
    uint32_t code = 0;

    tlm::tlm_extension_base *clone() const override
    {
        return new MessageExtension(*this);
    }
    void copy_from(const tlm::tlm_extension_base &other) override
    {
        *this = static_cast<const MessageExtension &>(other);
    }
};

class IommuTlm : public sc_core::sc_module
{
  public:
    tlm_utils::simple_target_socket<IommuTlm> registers{"registers"};
    tlm_utils::simple_target_socket<IommuTlm> devices{"devices"};
    tlm_utils::simple_initiator_socket<IommuTlm> memory{"memory"};
    /* Messages to devices; unbound: they go nowhere. */
    tlm_utils::simple_initiator_socket_optional<IommuTlm> messages{"messages"};
    sc_core::sc_vector<sc_core::sc_signal<bool>> wires{"wires", 16};

    SC_HAS_PROCESS(IommuTlm);
    IommuTlm(sc_core::sc_module_name name, const iommu_config &config) : sc_module(name)
    {
        registers.register_b_transport(this, &IommuTlm::on_register);
        devices.register_b_transport(this, &IommuTlm::on_device);
        SC_THREAD(run_timers);
        SC_THREAD(run_messages);
        const vd_host host = {&ops, this};
        vd_error error;
        iommu.reset(iommu_create(&config, &host, &error));
        if (!iommu)
            SC_REPORT_FATAL("iommu", error.text);
        iommu_device_port port = {};
        port.respond = &IommuTlm::responded;
        port.message = &IommuTlm::messaged;
        port.ctx = this;
        iommu_connect(iommu.get(), &port);
    }

    struct iommu *model()
    {
        return iommu.get();
    }

  private:
    struct Destroy {
        void operator()(struct iommu *m) const
        {
            iommu_destroy(m);
        }
    };
    /* A device that waits in b_transport for its answer. */
    struct Waiting {
        vd_txn answer;
        sc_core::sc_event answered;
    };

    struct Message {
        uint32_t device, code;
        uint64_t data[2];
    };

    std::map<std::pair<vd_time, uint64_t>, vd_event *> timers;
    sc_core::sc_event timers_changed;
    std::map<uint32_t, Waiting *> waiting;
    std::deque<Message> outgoing;
    sc_core::sc_event message_left;
    uint64_t order = 0, serials = 0;
    sc_core::sc_mutex atomics;
    uint32_t tags = 0;
    /* Last, so that it goes first: it cancels its timers. */
    std::unique_ptr<struct iommu, Destroy> iommu;

    static IommuTlm *self(void *ctx)
    {
        return static_cast<IommuTlm *>(ctx);
    }
    static sc_core::sc_time picoseconds(vd_time time)
    {
        return sc_core::sc_time::from_value(time);
    }

    /* --- target sockets --- */

    static vd_txn to_txn(const tlm::tlm_generic_payload &payload)
    {
        vd_txn txn = {};
        txn.addr = payload.get_address();
        txn.cmd = payload.is_write() ? VD_WRITE : VD_READ;
        txn.size = static_cast<uint8_t>(payload.get_data_length());
        if (payload.is_write())
            std::memcpy(txn.data, payload.get_data_ptr(), txn.size);
        const RequesterExtension *extension = nullptr;
        payload.get_extension(extension);
        if (!extension)
            return txn;
        txn.requester = extension->requester;
        txn.attrs = extension->attrs;
        txn.process_id = extension->process_id;
        txn.at = static_cast<uint8_t>(extension->at);
        txn.rcid = extension->rcid;
        txn.mcid = extension->mcid;
        return txn;
    }

    static void fill(RequesterExtension &extension, const vd_txn &txn)
    {
        extension.requester = txn.requester;
        extension.attrs = txn.attrs;
        extension.process_id = txn.process_id;
        extension.at = static_cast<vd_at>(txn.at);
        extension.rcid = txn.rcid;
        extension.mcid = txn.mcid;
    }

    static void give_back(tlm::tlm_generic_payload &payload, const vd_txn &txn, int status)
    {
        RequesterExtension *extension = nullptr;
        payload.get_extension(extension);
        if (extension)
            extension->status = static_cast<vd_status>(status);
        if (payload.is_read())
            std::memcpy(payload.get_data_ptr(), txn.data, payload.get_data_length());
        payload.set_response_status(status == VD_OK         ? tlm::TLM_OK_RESPONSE
                                    : status == VD_UNMAPPED ? tlm::TLM_ADDRESS_ERROR_RESPONSE
                                                            : tlm::TLM_GENERIC_ERROR_RESPONSE);
    }

    static bool too_long(tlm::tlm_generic_payload &payload)
    {
        if (payload.get_data_length() <= VD_TXN_BYTES)
            return false;
        payload.set_response_status(tlm::TLM_BURST_ERROR_RESPONSE);
        return true;
    }

    void on_register(tlm::tlm_generic_payload &payload, sc_core::sc_time &delay)
    {
        if (too_long(payload))
            return;
        vd_txn txn = to_txn(payload);
        int status = iommu_access(iommu.get(), &txn);
        delay += picoseconds(txn.delay);
        give_back(payload, txn, status);
    }

    void on_device(tlm::tlm_generic_payload &payload, sc_core::sc_time &delay)
    {
        if (too_long(payload))
            return;
        wait(delay);
        delay = sc_core::SC_ZERO_TIME;
        const MessageExtension *message = nullptr;
        payload.get_extension(message);
        vd_txn txn = to_txn(payload);
        if (message)
            take_message(payload, txn, message->code);
        else if (txn.attrs & VD_POSTED)
            submit(txn);
        else
            txn = answer_of(txn);
        give_back(payload, txn, txn.status);
    }

    void take_message(const tlm::tlm_generic_payload &payload, vd_txn &txn, uint32_t code)
    {
        txn.tag = code;
        std::memcpy(txn.data, payload.get_data_ptr(), payload.get_data_length());
        iommu_message(iommu.get(), &txn);
    }

    void submit(const vd_txn &txn)
    {
        while (iommu_submit(iommu.get(), &txn) == VD_RETRY)
            wait(1, sc_core::SC_NS);
    }

    vd_txn answer_of(vd_txn txn)
    {
        Waiting mine;
        txn.tag = tags++;
        waiting[txn.tag] = &mine;
        submit(txn);
        if (waiting.count(txn.tag))
            wait(mine.answered);
        return mine.answer;
    }

    static void responded(void *ctx, const vd_txn *txn)
    {
        auto entry = self(ctx)->waiting.find(txn->tag);
        if (entry == self(ctx)->waiting.end())
            return;
        entry->second->answer = *txn;
        entry->second->answered.notify();
        self(ctx)->waiting.erase(entry);
    }

    /* The model is at work when it sends one, and must not be called before it returns. */
    static void messaged(void *ctx, uint32_t device, uint32_t code, const uint64_t data[2])
    {
        self(ctx)->outgoing.push_back({device, code, {data[0], data[1]}});
        self(ctx)->message_left.notify(sc_core::SC_ZERO_TIME);
    }

    void run_messages()
    {
        for (;;) {
            wait(message_left);
            while (!outgoing.empty()) {
                Message message = outgoing.front();
                outgoing.pop_front();
                if (messages.size())
                    send(message);
            }
        }
    }

    void send(Message &message)
    {
        tlm::tlm_generic_payload payload;
        RequesterExtension device;
        MessageExtension code;
        sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
        device.requester = message.device;
        code.code = message.code;
        payload.set_command(tlm::TLM_IGNORE_COMMAND);
        payload.set_data_ptr(reinterpret_cast<unsigned char *>(message.data));
        payload.set_data_length(sizeof(message.data));
        payload.set_streaming_width(sizeof(message.data));
        payload.set_extension(&device);
        payload.set_extension(&code);
        messages->b_transport(payload, delay);
        payload.clear_extension(&device);
        payload.clear_extension(&code);
        wait(delay);
    }

    /* --- the model's host --- */

    void run_timers()
    {
        for (;;) {
            while (!timers.empty() &&
                   timers.begin()->first.first <= sc_core::sc_time_stamp().value()) {
                vd_event *event = timers.begin()->second;
                timers.erase(timers.begin());
                event->slot = 0;
                event->fire(event->ctx, event->arg);
            }
            if (timers.empty())
                wait(timers_changed);
            else
                wait(picoseconds(timers.begin()->first.first) - sc_core::sc_time_stamp(),
                     timers_changed);
        }
    }

    static vd_time host_now(void *)
    {
        return sc_core::sc_time_stamp().value();
    }

    static void host_cancel(void *ctx, vd_event *event)
    {
        if (event->slot)
            self(ctx)->timers.erase({event->when, event->order});
        event->slot = 0;
    }

    static void host_post(void *ctx, vd_event *event, vd_time when)
    {
        host_cancel(ctx, event);
        event->when = when;
        event->order = self(ctx)->order++;
        event->slot = 1;
        self(ctx)->timers[{when, event->order}] = event;
        self(ctx)->timers_changed.notify(sc_core::SC_ZERO_TIME);
    }

    /* A blocking transport; the delay that the target annotates is left to the caller. */
    vd_status transport(vd_txn &txn, sc_core::sc_time &delay, AtomicExtension *atomic = nullptr)
    {
        tlm::tlm_generic_payload payload;
        RequesterExtension extension;
        fill(extension, txn);
        payload.set_command(atomic               ? tlm::TLM_IGNORE_COMMAND
                            : txn.cmd == VD_READ ? tlm::TLM_READ_COMMAND
                                                 : tlm::TLM_WRITE_COMMAND);
        payload.set_address(txn.addr);
        payload.set_data_ptr(reinterpret_cast<unsigned char *>(txn.data));
        payload.set_data_length(txn.size);
        payload.set_streaming_width(txn.size);
        payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
        payload.set_extension(&extension);
        if (atomic)
            payload.set_extension(atomic);
        memory->b_transport(payload, delay);
        payload.clear_extension(&extension);
        if (atomic)
            payload.clear_extension(atomic);
        return payload.is_response_ok() ? VD_OK : VD_UNMAPPED;
    }

    vd_status transport_and_wait(vd_txn &txn, AtomicExtension *atomic = nullptr)
    {
        sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
        vd_status status = transport(txn, delay, atomic);
        wait(delay);
        return status;
    }

    /* A target that does not know atomic accesses is read and written, one such access at a time.
     */
    vd_status read_modify_write(vd_txn &txn, const AtomicExtension &atomic)
    {
        vd_txn half = txn;
        atomics.lock();
        half.cmd = VD_READ;
        vd_status status = transport_and_wait(half);
        txn.data[0] = 0;
        std::memcpy(txn.data, half.data, txn.size);
        half.data[0] = atomic.result(txn.data[0]);
        half.cmd = VD_WRITE;
        if (status == VD_OK && half.data[0] != txn.data[0])
            status = transport_and_wait(half);
        atomics.unlock();
        return status;
    }

    vd_status atomic_access(vd_txn &txn)
    {
        AtomicExtension atomic;
        atomic.command = static_cast<vd_cmd>(txn.cmd);
        atomic.operand = txn.data[0];
        atomic.expected = txn.data[1];
        vd_status status = transport_and_wait(txn, &atomic);
        return atomic.done || status != VD_OK ? status : read_modify_write(txn, atomic);
    }

    void carry(vd_txn txn)
    {
        bool atomic = txn.cmd == VD_CAS || txn.cmd == VD_OR;
        txn.status = static_cast<uint8_t>(atomic ? atomic_access(txn) : transport_and_wait(txn));
        if (!(txn.attrs & VD_POSTED))
            iommu_complete(iommu.get(), &txn);
    }

    static vd_status host_submit(void *ctx, vd_txn *txn)
    {
        sc_core::sc_spawn([s = self(ctx), copy = *txn] { s->carry(copy); });
        return VD_PENDING;
    }

    static vd_status host_access(void *ctx, vd_txn *txn)
    {
        if (txn->cmd == VD_CAS || txn->cmd == VD_OR)
            return VD_DENIED; /* the model submits them */
        sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
        vd_status status = self(ctx)->transport(*txn, delay);
        txn->delay += delay.value();
        return status;
    }

    static vd_time host_drain(void *)
    {
        return 0;
    }
    static void host_wire(void *ctx, uint32_t line, bool level)
    {
        self(ctx)->wires[line].write(level);
    }
    static void *host_grant(void *, uint64_t, bool)
    {
        return nullptr;
    }
    static void host_watch(void *, uint64_t, bool) {}
    static void host_wake(void *, vd_runner *) {}
    static uint64_t host_mtime(void *)
    {
        return 0;
    }
    static uint64_t host_serial(void *ctx)
    {
        return ++self(ctx)->serials;
    }
    static void host_trace(void *, const vd_record *) {}

    static constexpr vd_host_ops ops = {
        VD_HOST_VERSION, host_now,   host_post,  host_cancel, host_access, host_submit, host_drain,
        host_wire,       host_grant, host_watch, host_wake,   host_mtime,  host_serial, host_trace};
};

#endif
