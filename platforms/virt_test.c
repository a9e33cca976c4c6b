/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine as its bus sees it: what is where, and how the ledger follows an MSI through it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "platforms/virt_machine.h"

enum { ECAM_ENDPOINT = 1 << 15, BAR = 0x40000000, PASS_CYCLES = 10000 };
enum { COMMAND = 4, BAR0 = 0x10, COMMAND_MEMORY = 2, COMMAND_MEMORY_MASTER = 6 };
enum { FORGE_ADDR = 0xc0, FORGE_DATA = 0xc8, FORGE_CONTROL = 0xcc };

struct machine {
    struct virt *virt;
    struct port *port; /* of whoever the test plays */
};

static struct machine machine_of(const struct virt_setting *settings, size_t count)
{
    struct virt_config *config = malloc(sizeof(*config));
    struct vd_error err = {""};
    struct machine m = {NULL, NULL};
    assert_non_null(config);
    if (!virt_configure(config, settings, count, &err))
        fail_msg("%s", err.text);
    m.virt = virt_create(config, &err);
    if (!m.virt)
        fail_msg("%s", err.text);
    m.port = port_create(virt_core(m.virt), "test");
    free(config);
    return m;
}

static enum vd_status perform(struct machine *m, uint8_t cmd, uint64_t addr, uint8_t size,
                              uint64_t *data)
{
    struct vd_txn txn = {.cmd = cmd, .addr = addr, .size = size, .data = {*data}};
    txn.requester = VD_REQUESTER_HART(0);
    const struct vd_host *host = port_host(m->port);
    enum vd_status status = host->ops->access(host->ctx, &txn);
    *data = txn.data[0];
    return status;
}

static enum vd_status load(struct machine *m, uint64_t addr, uint8_t size, uint64_t *data)
{
    *data = UINT64_MAX;
    enum vd_status status = perform(m, VD_READ, addr, size, data);
    *data &= size == 8 ? UINT64_MAX : (UINT64_C(1) << (8 * size)) - 1;
    return status;
}

static void store(struct machine *m, uint64_t addr, uint8_t size, uint64_t data)
{
    assert_int_equal(perform(m, VD_WRITE, addr, size, &data), VD_OK);
}

static void run(struct machine *m, uint64_t cycles)
{
    struct vd_error err;
    struct sim *sim = virt_core(m->virt)->sim;
    virt_run(m->virt, sim_now(sim) + cycles * m->virt->config.machine.cycle_ps, &err);
}

static void every_device_answers_at_its_address(void **state)
{
    (void)state;
    static const struct {
        uint64_t addr, value;
        uint8_t size;
    } reads[] = {
        {0x10000005, 0x60, 1},                                    /* UART LSR: transmitter empty */
        {0x2004000, UINT64_MAX, 8},                               /* mtimecmp */
        {0xc000000, 0x80000000, 4},                               /* domaincfg */
        {0xd000000, 0x80000000, 4},  {0x24000000, 0, 4},          /* IMSIC pages read zero */
        {0x28000000, 0, 4},          {0x30008000, 0x00011af0, 4}, /* the test endpoint */
        {0x3000f000, 0xffffffff, 4},                              /* no function */
    };
    struct machine m = machine_of(NULL, 0);
    for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
        uint64_t data;
        assert_int_equal(load(&m, reads[i].addr, reads[i].size, &data), VD_OK);
        if (reads[i].addr >> 24 == 0xc || reads[i].addr >> 24 == 0xd)
            data &= 0xff000000;
        assert_int_equal(data, reads[i].value);
    }
    uint64_t data;
    assert_int_equal(load(&m, 0x3010000, 8, &data), VD_OK);
    assert_int_equal(data & 0xff, 0x10); /* IOMMU capabilities.version */
    static const uint64_t nothing[] = {0, 0x3000000, 0x11000000, 0x27fff000};
    for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++)
        assert_int_equal(load(&m, nothing[i], 4, &data), VD_UNMAPPED);
    virt_destroy(m.virt);
}

/* Every field of the capabilities register is a key of the configuration. */
static void every_capability_is_a_key(void **state)
{
    (void)state;
    static const struct {
        const char *key, *value;
        uint64_t bits;
    } keys[] = {
        {"iommu.sv32", "no", UINT64_C(1) << 8},         {"iommu.sv39", "no", UINT64_C(7) << 9},
        {"iommu.sv48", "no", UINT64_C(3) << 10},        {"iommu.sv57", "no", UINT64_C(1) << 11},
        {"iommu.svrsw60t59b", "no", UINT64_C(1) << 14}, {"iommu.svpbmt", "no", UINT64_C(1) << 15},
        {"iommu.sv32x4", "no", UINT64_C(1) << 16},      {"iommu.sv39x4", "no", UINT64_C(1) << 17},
        {"iommu.sv48x4", "no", UINT64_C(1) << 18},      {"iommu.sv57x4", "no", UINT64_C(1) << 19},
        {"iommu.amo_mrif", "no", UINT64_C(1) << 21},    {"iommu.msi_flat", "no", UINT64_C(1) << 22},
        {"iommu.msi_mrif", "no", UINT64_C(1) << 23},    {"iommu.amo_hwad", "no", UINT64_C(1) << 24},
        {"iommu.ats", "no", UINT64_C(1) << 25},         {"iommu.t2gpa", "no", UINT64_C(1) << 26},
        {"iommu.end", "no", UINT64_C(1) << 27},         {"iommu.igs", "1", UINT64_C(3) << 28},
        {"iommu.hpm", "no", UINT64_C(1) << 30},         {"iommu.dbg", "no", UINT64_C(1) << 31},
        {"iommu.pas", "48", UINT64_C(8) << 32},         {"iommu.pd8", "no", UINT64_C(1) << 38},
        {"iommu.pd17", "no", UINT64_C(1) << 39},        {"iommu.pd20", "no", UINT64_C(1) << 40},
        {"iommu.qosid", "no", UINT64_C(1) << 41},       {"iommu.nl", "no", UINT64_C(1) << 42},
        {"iommu.s", "no", UINT64_C(1) << 43},
    };
    static const struct virt_setting wide[] = {{"iommu.sv57", "no", 0}, {"iommu.sv48", "no", 0}};
    uint64_t data, all;
    struct machine whole = machine_of(NULL, 0);
    assert_int_equal(load(&whole, 0x3010000, 8, &all), VD_OK);
    virt_destroy(whole.virt);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        uint32_t wider = keys[i].bits >> 9 == 7 ? 2 : keys[i].bits >> 10 == 3 ? 1 : 0;
        struct virt_setting settings[3] = {wide[0], wide[1]};
        settings[wider] = (struct virt_setting){keys[i].key, keys[i].value, 0};
        struct machine m = machine_of(settings, wider + 1);
        assert_int_equal(load(&m, 0x3010000, 8, &data), VD_OK);
        assert_int_equal(data ^ all, keys[i].bits);
        virt_destroy(m.virt);
    }
}

/* With 4 guest files a hart's stride is 8 pages, of which 5 are files. */
static void pages_between_guest_files_and_the_next_hart_read_zero(void **state)
{
    (void)state;
    const struct virt_setting settings[] = {{"machine.harts", "2", 0}, {"imsic.guests", "4", 0}};
    struct machine m = machine_of(settings, 2);
    uint64_t data;
    for (uint64_t page = 0; page < 16; page++) {
        assert_int_equal(load(&m, 0x28000000 + page * 4096, 4, &data), VD_OK);
        assert_int_equal(data, 0);
    }
    assert_int_equal(load(&m, 0x28000000 + 16 * 4096, 4, &data), VD_UNMAPPED);
    virt_destroy(m.virt);
}

static void enable_file(struct machine *m, uint32_t file)
{
    struct vd_imsic_port port = imsic_port(m->virt->harts[0].imsic);
    port.ops->write(port.ctx, file, 0x70, 1);
    for (uint32_t select = 0xc0; select < 0xc8; select += 2)
        port.ops->write(port.ctx, file, select, UINT64_MAX);
}

/* The endpoint writes `data` to the S-file of hart 0, through an IOMMU that passes everything. */
static void forge(struct machine *m, uint32_t data)
{
    store(m, 0x30000000 + ECAM_ENDPOINT + BAR0, 4, BAR);
    store(m, 0x30000000 + ECAM_ENDPOINT + BAR0 + 4, 4, 0);
    store(m, 0x30000000 + ECAM_ENDPOINT + COMMAND, 2, COMMAND_MEMORY_MASTER);
    store(m, BAR + FORGE_ADDR, 8, 0x28000000);
    store(m, BAR + FORGE_DATA, 4, data);
    store(m, BAR + FORGE_CONTROL, 4, 1);
    run(m, PASS_CYCLES);
}

static const struct virt_setting bare[] = {{"iommu.reset_mode", "1", 0},
                                           {"imsic.defect", "id_wraps", 0}};

static uint64_t verdict(struct machine *m, struct ledger_counts *counts)
{
    struct ledger *ledger = virt_core(m->virt)->ledger;
    ledger_finish(ledger, sim_now(virt_core(m->virt)->sim));
    *counts = *ledger_counts(ledger, LEDGER_ALL);
    return ledger_num_violations(ledger);
}

static void an_msi_of_the_endpoint_is_pending_in_its_file(void **state)
{
    (void)state;
    struct machine m = machine_of(bare, 1);
    enable_file(&m, VD_IMSIC_FILE_S);
    forge(&m, 77);
    struct vd_imsic_port port = imsic_port(m.virt->harts[0].imsic);
    assert_int_equal(port.ops->topei(port.ctx, VD_IMSIC_FILE_S), 77 << 16 | 77);
    port.ops->claim(port.ctx, VD_IMSIC_FILE_S);
    struct ledger_counts counts;
    assert_int_equal(verdict(&m, &counts), 0);
    assert_int_equal(counts.issued, 1);
    assert_int_equal(counts.claimed, 1);
    virt_destroy(m.virt);
}

static void an_identity_that_does_not_exist_is_dropped(void **state)
{
    (void)state;
    struct machine m = machine_of(bare, 1);
    enable_file(&m, VD_IMSIC_FILE_S);
    forge(&m, 256 + 77);
    struct ledger_counts counts;
    assert_int_equal(verdict(&m, &counts), 0);
    assert_int_equal(counts.drops[VD_DROP_identity_range], 1);
    virt_destroy(m.virt);
}

/* The mutant: the identity wraps around, and the ledger calls it a stray. */
static void an_identity_that_wraps_is_a_stray(void **state)
{
    (void)state;
    struct machine m = machine_of(bare, 2);
    enable_file(&m, VD_IMSIC_FILE_S);
    forge(&m, 256 + 77);
    struct vd_imsic_port port = imsic_port(m.virt->harts[0].imsic);
    port.ops->claim(port.ctx, VD_IMSIC_FILE_S);
    struct ledger_counts counts;
    assert_true(verdict(&m, &counts) > 0);
    assert_true(counts.stray > 0);
    virt_destroy(m.virt);
}

static void an_iommu_that_is_off_drops_the_msi(void **state)
{
    (void)state;
    struct machine m = machine_of(NULL, 0);
    enable_file(&m, VD_IMSIC_FILE_S);
    forge(&m, 77);
    struct ledger_counts counts;
    assert_int_equal(verdict(&m, &counts), 0);
    assert_int_equal(counts.drops[VD_DROP_iommu_fault], 1);
    virt_destroy(m.virt);
}

static void without_an_iommu_devices_reach_memory(void **state)
{
    (void)state;
    const struct virt_setting settings[] = {{"machine.iommu", "off", 0}};
    struct machine m = machine_of(settings, 1);
    uint64_t data;
    assert_int_equal(load(&m, 0x3010000, 8, &data), VD_UNMAPPED);
    enable_file(&m, VD_IMSIC_FILE_S);
    forge(&m, 77);
    struct vd_imsic_port port = imsic_port(m.virt->harts[0].imsic);
    assert_int_equal(port.ops->topei(port.ctx, VD_IMSIC_FILE_S), 77 << 16 | 77);
    virt_destroy(m.virt);
}

enum { ECAM_IOMMU = 31 << 15, IOMMU_BAR = 0x48000000, SECOND_BAR = 0x44000000 };
enum { DDTP = 16, FQB = 40, FQT = 52, FQCSR = 76, CAPABILITIES = 0, MSI_CFG_TBL = 0x300 };
enum { FQEN = 1, FIE = 2, FQMF = 1 << 8, MODE_BARE = 1, MODE_1LVL = 2, IPSR = 84 };
#define SYS_IOMMU       UINT64_C(0x3010000)
#define FAULTS          UINT64_C(0x80100000)
#define MSIX_CAPABILITY 0x90

static void place_bar(struct machine *m, uint64_t function, uint64_t bar)
{
    store(m, 0x30000000 + function + BAR0, 4, bar);
    store(m, 0x30000000 + function + BAR0 + 4, 4, 0);
    store(m, 0x30000000 + function + COMMAND, 2, COMMAND_MEMORY_MASTER);
}

static void forge_from(struct machine *m, uint64_t bar, uint32_t data)
{
    store(m, bar + FORGE_ADDR, 8, 0x28000000);
    store(m, bar + FORGE_DATA, 4, data);
    store(m, bar + FORGE_CONTROL, 4, 1);
    run(m, PASS_CYCLES);
}

static uint32_t claimed(struct machine *m)
{
    struct vd_imsic_port port = imsic_port(m->virt->harts[0].imsic);
    uint32_t identity = (uint32_t)port.ops->topei(port.ctx, VD_IMSIC_FILE_S) >> 16;
    port.ops->claim(port.ctx, VD_IMSIC_FILE_S);
    return identity;
}

static void fault_queue(struct machine *m, uint64_t iommu, uint64_t queue, uint64_t csr)
{
    store(m, iommu + FQB, 8, queue >> 12 << 10 | 5);
    store(m, iommu + FQCSR, 4, csr);
}

static uint64_t faults(struct machine *m, uint64_t iommu)
{
    uint64_t tail;
    assert_int_equal(load(m, iommu + FQT, 4, &tail), VD_OK);
    return tail;
}

static struct machine with_three_iommus(void)
{
    const struct virt_setting settings[] = {
        {"machine.iommus", "2", 0},
        {"machine.pci_iommus", "1", 0},
        {"machine.endpoints", "2", 0},
        {"machine.endpoint_iommus", "1 2", 0},
    };
    struct machine m = machine_of(settings, 4);
    place_bar(&m, ECAM_ENDPOINT, BAR);
    place_bar(&m, 2 * ECAM_ENDPOINT, SECOND_BAR);
    place_bar(&m, ECAM_IOMMU, IOMMU_BAR);
    enable_file(&m, VD_IMSIC_FILE_S);
    return m;
}

/* Each device reaches memory when its own IOMMU lets it, and no other IOMMU notices. */
static void every_iommu_has_its_own_devices(void **state)
{
    (void)state;
    static const uint64_t iommus[] = {SYS_IOMMU, SYS_IOMMU + 0x1000, IOMMU_BAR};
    static const uint64_t devices[] = {0, BAR, SECOND_BAR};
    for (unsigned open = 0; open < 3; open++) {
        struct machine m = with_three_iommus();
        for (unsigned i = 0; i < 3; i++)
            fault_queue(&m, iommus[i], FAULTS + i * 0x1000, FQEN);
        run(&m, PASS_CYCLES);
        store(&m, iommus[open] + DDTP, 8, MODE_BARE);
        for (unsigned i = 1; i < 3; i++) {
            forge_from(&m, devices[i], 70 + i);
            assert_int_equal(claimed(&m), i == open ? 70 + i : 0);
            assert_int_equal(faults(&m, iommus[i]), i != open);
        }
        assert_int_equal(faults(&m, iommus[0]), 0);
        virt_destroy(m.virt);
    }
}

/* [iommu] "the MSI-X table ... must be located at" msi_cfg_tbl. */
static void EMB_1_pcie_function(void **state)
{
    (void)state;
    struct machine m = with_three_iommus();
    uint64_t data;
    assert_int_equal(load(&m, 0x30000000 + ECAM_IOMMU + 8, 4, &data), VD_OK);
    assert_int_equal(data >> 8, 0x080600);
    assert_int_equal(load(&m, IOMMU_BAR + CAPABILITIES, 8, &data), VD_OK);
    assert_int_equal(data & 0xff, 0x10);
    assert_int_equal(data >> 28 & 3, 0); /* IGS: messages only */
    uint64_t capability = 0x30000000 + ECAM_IOMMU + MSIX_CAPABILITY;
    assert_int_equal(load(&m, capability, 1, &data), VD_OK);
    assert_int_equal(data, 0x11);
    assert_int_equal(load(&m, capability + 4, 4, &data), VD_OK);
    assert_int_equal(data, MSI_CFG_TBL); /* in BAR 0 */
    fault_queue(&m, IOMMU_BAR, FAULTS, FQEN | FIE);
    store(&m, IOMMU_BAR + MSI_CFG_TBL, 8, 0x28000000);
    store(&m, IOMMU_BAR + MSI_CFG_TBL + 8, 4, 42);
    store(&m, IOMMU_BAR + MSI_CFG_TBL + 12, 4, 0);
    run(&m, PASS_CYCLES);
    forge_from(&m, SECOND_BAR, 7);
    assert_int_equal(faults(&m, IOMMU_BAR), 1);
    assert_int_equal(claimed(&m), 0); /* MSI-X is not enabled */
    store(&m, IOMMU_BAR + IPSR, 4, 0xf);
    store(&m, capability + 2, 2, 0x8000);
    forge_from(&m, SECOND_BAR, 7);
    assert_int_equal(claimed(&m), 42);
    virt_destroy(m.virt);
}

/* Without Bus Master Enable its queues and tables are out of its reach and its messages wait in the
 * PBA; what it translates is the device's. */
static void EMB_1_bus_master_enable(void **state)
{
    (void)state;
    struct machine m = with_three_iommus();
    uint64_t command = 0x30000000 + ECAM_IOMMU + COMMAND, data;
    uint64_t capability = 0x30000000 + ECAM_IOMMU + MSIX_CAPABILITY;
    fault_queue(&m, IOMMU_BAR, FAULTS, FQEN | FIE);
    store(&m, IOMMU_BAR + MSI_CFG_TBL, 8, 0x28000000);
    store(&m, IOMMU_BAR + MSI_CFG_TBL + 8, 4, 42);
    store(&m, IOMMU_BAR + MSI_CFG_TBL + 12, 4, 0);
    store(&m, capability + 2, 2, 0x8000);
    store(&m, IOMMU_BAR + DDTP, 8, MODE_BARE);
    store(&m, command, 2, COMMAND_MEMORY);
    forge_from(&m, SECOND_BAR, 7);
    assert_int_equal(claimed(&m), 7);
    store(&m, IOMMU_BAR + DDTP, 8, 0x80200000 >> 12 << 10 | MODE_1LVL);
    forge_from(&m, SECOND_BAR, 8);
    assert_int_equal(claimed(&m), 0);
    assert_int_equal(load(&m, IOMMU_BAR + FQCSR, 4, &data), VD_OK);
    assert_int_equal(data & FQMF, FQMF);
    assert_int_equal(faults(&m, IOMMU_BAR), 0);
    store(&m, command, 2, COMMAND_MEMORY_MASTER);
    run(&m, PASS_CYCLES);
    assert_int_equal(claimed(&m), 42);
    store(&m, IOMMU_BAR + FQCSR, 4, FQEN | FIE | FQMF);
    store(&m, IOMMU_BAR + IPSR, 4, 0xf);
    forge_from(&m, SECOND_BAR, 9);
    assert_int_equal(faults(&m, IOMMU_BAR), 1);
    assert_int_equal(claimed(&m), 42);
    virt_destroy(m.virt);
}

enum { WALKS = 4, IOHPMCTR = 104, IOHPMEVT = 352, EVENT_UNTRANSLATED = 1, EVENT_DDT = 5 };

static void count_walk(void *ctx, const struct vd_record *rec)
{
    uint64_t *walks = ctx;
    if (rec->b < WALKS)
        walks[rec->b]++;
}

/* A directory with one context: a second stage of one level that maps no page, and an MSI page. */
static void one_context(struct machine *m)
{
    const uint64_t ddt = 0x80200000, context = ddt + 8 * 64, root = 0x80204000, ptes = 0x80208000;
    store(m, root, 8, (root + 0x5000) >> 12 << 10 | 1);
    store(m, ptes, 8, UINT64_C(0x28000000) >> 12 << 10 | 7);
    store(m, context, 8, 1);
    store(m, context + 8, 8, UINT64_C(8) << 60 | root >> 12);
    store(m, context + 32, 8, UINT64_C(1) << 60 | ptes >> 12);
    store(m, context + 48, 8, 0x28000000 >> 12);
    store(m, SYS_IOMMU + DDTP, 8, ddt >> 12 << 10 | MODE_1LVL);
}

/* Invariant I45 in a machine: what the counters say, the trace tells. */
static void I45_counters_equal_the_trace(void **state)
{
    (void)state;
    struct machine m = machine_of(NULL, 0);
    uint64_t walks[WALKS] = {0}, counted;
    trace_add_sink(m.virt->core->trace, UINT64_C(1) << VD_REC_iommu_access, count_walk, walks);
    place_bar(&m, ECAM_ENDPOINT, BAR);
    enable_file(&m, VD_IMSIC_FILE_S);
    one_context(&m);
    store(&m, SYS_IOMMU + IOHPMEVT, 8, EVENT_UNTRANSLATED);
    for (unsigned i = 0; i < WALKS; i++)
        store(&m, SYS_IOMMU + IOHPMEVT + 8 * (1 + i), 8, EVENT_DDT + i);
    run(&m, PASS_CYCLES);
    for (unsigned i = 0; i < 7; i++) {
        store(&m, BAR + FORGE_ADDR, 8, i % 3 ? 0x28000000 : 0x1000 * i);
        store(&m, BAR + FORGE_DATA, 4, 70 + i);
        store(&m, BAR + FORGE_CONTROL, 4, 1);
        run(&m, PASS_CYCLES);
    }
    assert_int_equal(load(&m, SYS_IOMMU + IOHPMCTR, 8, &counted), VD_OK);
    assert_int_equal(counted, trace_count(m.virt->core->trace, VD_REC_msi_accept));
    assert_int_equal(counted, 7);
    for (unsigned i = 0; i < WALKS; i++) {
        assert_int_equal(load(&m, SYS_IOMMU + IOHPMCTR + 8 * (1 + i), 8, &counted), VD_OK);
        assert_int_equal(counted, walks[i]);
    }
    assert_int_equal(walks[0], 1);
    assert_int_equal(walks[3], 3 * 2);
    virt_destroy(m.virt);
}

static void bad_machines_get_their_sentence(void **state)
{
    (void)state;
    static const struct {
        const char *key, *value, *error;
    } cases[] = {
        {"machine.memory", "16777217",
         "machine.memory is 16777217: accepted are multiples of 4096"},
        {"machine.timebase", "3000000", "machine.timebase is 3000000"},
        {"aplic.sources", "39", "aplic.sources is 39"},
        {"machine.endpoint_iommus", "0 1", "machine.endpoint_iommus is '0 1'"},
        {"imsic.ids", "65", "imsic.ids is 65: accepted are 63, 127, ... 2047"},
        {"iommu.tlb_entries", "3", "iommu.tlb_entries: 3 is not a power of two"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct virt_config config;
        struct vd_error err = {""};
        struct virt_setting setting = {cases[i].key, cases[i].value, 0};
        if (virt_configure(&config, &setting, 1, &err))
            assert_null(virt_create(&config, &err));
        assert_non_null(strstr(err.text, cases[i].error));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_device_answers_at_its_address),
        cmocka_unit_test(every_capability_is_a_key),
        cmocka_unit_test(pages_between_guest_files_and_the_next_hart_read_zero),
        cmocka_unit_test(an_msi_of_the_endpoint_is_pending_in_its_file),
        cmocka_unit_test(an_identity_that_does_not_exist_is_dropped),
        cmocka_unit_test(an_identity_that_wraps_is_a_stray),
        cmocka_unit_test(an_iommu_that_is_off_drops_the_msi),
        cmocka_unit_test(without_an_iommu_devices_reach_memory),
        cmocka_unit_test(every_iommu_has_its_own_devices),
        cmocka_unit_test(EMB_1_pcie_function),
        cmocka_unit_test(EMB_1_bus_master_enable),
        cmocka_unit_test(I45_counters_equal_the_trace),
        cmocka_unit_test(bad_machines_get_their_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
