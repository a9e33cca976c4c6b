/* SPDX-License-Identifier: BSD-2-Clause */
/* Corners: tables, what reset leaves to a seed, what a snapshot must not hold, neighbours. */
#include "imsic/state.h"

#include "imsic/imsic_bench.h"
#include "support/memory.h"
#include "support/tables.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static void IMSIC_M1_registers(void **state)
{
    (void)state;
    static const struct table_reg page[] = {
        {"seteipnum_le 0+4*1 4: identity 31:0 WO"},
        {"seteipnum_be 4+4*1 4: identity 31:0 WO"},
    };
    static const struct table_reg selects[] = {
        {"eidelivery 112+1*1 8: eidelivery 31:0 WARL"},
        {"eithreshold 114+1*1 8: eithreshold 10:0 WLRL"},
        {"eip 128+2*32 8: eip 63:0 RW"},
        {"eie 192+2*32 8: eie 63:0 RW"},
    };
    uint32_t count;
    const struct vd_reg *regs = imsic_regs(&count);
    assert_true(table_regs_are(regs, count, page, COUNT(page)));
    regs = imsic_selects(&count);
    assert_true(table_regs_are(regs, count, selects, COUNT(selects)));
}

static void parameters(void **state)
{
    (void)state;
    static const struct table_param expected[] = {
        {offsetof(struct imsic_config, ids), "ids u32 255 63..2047"},
        {offsetof(struct imsic_config, guest_ids), "guest_ids u32 0 0..2047"},
        {offsetof(struct imsic_config, guests), "guests u32 3 0..63"},
        {offsetof(struct imsic_config, machine_file), "machine_file bool 1 0..1"},
        {offsetof(struct imsic_config, big_endian), "big_endian bool 0 0..1"},
        {offsetof(struct imsic_config, direct), "direct bool 0 0..1"},
        {offsetof(struct imsic_config, poison), "poison u64 0 0..0xffffffffffffffff"},
        {offsetof(struct imsic_config, defect),
         "defect choice 0 0..3 none claim_drops id_wraps rmw_split"},
        {offsetof(struct imsic_config, write_to_line_cycles),
         "write_to_line u32 2 0..100000 cycles"},
        {offsetof(struct imsic_config, csr_to_line_cycles), "csr_to_line u32 1 0..100000 cycles"},
        {offsetof(struct imsic_config, msi_interval_cycles), "msi_interval u32 3 0..100000 cycles"},
    };
    uint32_t count;
    const struct vd_param *params = imsic_params(&count);
    assert_true(table_params_are(params, count, expected, COUNT(expected)));
}

static uint64_t splitmix64(uint64_t *seed)
{
    uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* The lowest identity that is pending, enabled and below the threshold. */
static uint32_t lowest(uint32_t file)
{
    uint64_t threshold = csr(file, EITHRESHOLD);
    for (uint32_t id = 1; id < 2048 && (!threshold || id < threshold); id++)
        if (pending(file, id) && csr(file, EIE + id / 64 * 2) >> (id % 64) & 1)
            return id;
    return 0;
}

/* A seed gives the same machine everywhere, files unlike each other. */
static void IMSIC_P5_seed(void **state)
{
    (void)state;
    struct imsic_config c = plain;
    c.ids = 2047;
    c.guest_ids = 127;
    for (c.poison = 1; c.poison < 6; c.poison++) {
        rebuild(c);
        for (uint32_t file = 0; file < 5; file++) {
            uint64_t seed = c.poison + file;
            uint32_t ids = file < G1 ? c.ids : c.guest_ids;
            for (uint32_t w = 0; w < 32; w++) {
                uint64_t mask = w > ids / 64 ? 0 : w ? UINT64_MAX : UINT64_MAX - 1;
                assert_int_equal(csr(file, EIP + 2 * w), splitmix64(&seed) & mask);
                assert_int_equal(csr(file, EIE + 2 * w), splitmix64(&seed) & mask);
            }
            assert_int_equal(csr(file, EITHRESHOLD), splitmix64(&seed) % (ids + 1));
            assert_int_equal(csr(file, EIDELIVERY), splitmix64(&seed) & 1);
            assert_int_equal(topei(file), top(lowest(file)));
        }
    }
}

/* Every field out of its range, one at a time, by the state at hand. */
static void snapshot_out_of_range(void **state)
{
    (void)state;
    struct imsic_config c = plain;
    c.direct = true;
    rebuild(c);
    size_t size = imsic_save(m, NULL, 0);
    struct imsic_state *good = malloc(size), *bad = malloc(size);
    bench_run(&b, 1000);
    assert_int_equal(imsic_save(m, good, size - 1), size);
    assert_int_equal(imsic_save(m, good, size), size);
#define REFUSES(change)                                                                            \
    do {                                                                                           \
        memcpy(bad, good, size);                                                                   \
        bad->change;                                                                               \
        assert_int_equal(imsic_restore(m, bad, size), false);                                      \
    } while (0)
#define TAKES(change)                                                                              \
    do {                                                                                           \
        memcpy(bad, good, size);                                                                   \
        bad->change;                                                                               \
        assert_true(imsic_restore(m, bad, size));                                                  \
        assert_true(imsic_restore(m, good, size));                                                 \
    } while (0)
    for (uint32_t i = 0; i < 5; i++) {
        uint32_t direct = IMSIC_EIDELIVERY_DIRECT;
        REFUSES(file[i].eip[0] |= 1);
        REFUSES(file[i].eip[2] |= 1);
        REFUSES(file[i].eie[0] |= 1);
        REFUSES(file[i].eie[31] |= VD_BIT(63));
        REFUSES(file[i].top ^= 1);
        REFUSES(file[i].eidelivery = 2);
        REFUSES(file[i].eidelivery = direct + 1);
        REFUSES(file[i].eithreshold = N + 1);
        REFUSES(file[i].msi_identity = N + 1);
        REFUSES(file[i].line_at = 999);
        REFUSES(file[i].wire = 2);
        REFUSES(file[i].line = 2);
        TAKES(file[i].eip[1] = UINT64_MAX);
        TAKES(file[i].eie[0] = UINT64_MAX - 1);
        TAKES(file[i].eidelivery = 1);
        TAKES(file[i].eithreshold = N);
        TAKES(file[i].msi_identity = N);
        TAKES(file[i].line_at = 1000);
        TAKES(file[i].wire = 1);
        TAKES(file[i].line = 1);
        if (i >= G1)
            REFUSES(file[i].eidelivery = direct);
        else
            TAKES(file[i].eidelivery = direct);
    }
    REFUSES(files++);
    REFUSES(size++);
    rebuild(plain);
    memcpy(bad, good, size);
    assert_true(imsic_restore(m, good, size) == false); /* direct, which this one has not */
    free(good);
    free(bad);
}

/* What a restored file does later is its own. */
static void snapshot_cancels_what_was_due(void **state)
{
    (void)state;
    struct imsic_config c = plain;
    c.write_to_line_cycles = 4;
    rebuild(c);
    size_t size = imsic_save(m, NULL, 0);
    void *quiet = malloc(size);
    for (uint32_t file = 0; file < 5; file++) {
        deliver(file);
        enable(file, 9);
    }
    imsic_save(m, quiet, size);
    for (uint32_t file = 0; file < 5; file++)
        msi(file, 9);
    assert_int_equal(b.num_events, 5);
    assert_true(imsic_restore(m, quiet, size));
    assert_int_equal(b.num_events, 0);
    bench_run(&b, 100000);
    assert_int_equal(b.wire_edges, 0);
    for (uint32_t file = 0; file < 5; file++)
        msi(file, 9);
    imsic_destroy(m);
    assert_int_equal(b.num_events, 0);
    free(quiet);
    struct vd_error err;
    m = imsic_create(&plain, &b.host, &err);
}

static void IMSIC_L1_configurations(void **state)
{
    (void)state;
    static const struct {
        struct imsic_config config;
        bool good;
    } rows[] = {
        {{.ids = 63}, true},         {{.ids = 2047}, true},
        {{.ids = 2111}, false},      {{.ids = 62}, false},
        {{.ids = 64}, false},        {{.ids = 127, .guest_ids = 63}, true},
        {{.guest_ids = 2047}, true}, {{.guest_ids = 2111}, false},
        {{.guest_ids = 65}, false},  {{.guests = 63}, true},
        {{.guests = 64}, false},     {{.defect = IMSIC_DEFECT_RMW_SPLIT}, true},
        {{.defect = 4}, false},      {{.ids = 1}, false},
    };
    for (unsigned i = 0; i < COUNT(rows); i++) {
        struct vd_error err;
        struct imsic *made = imsic_create(&rows[i].config, &b.host, &err);
        assert_int_equal(made != NULL, rows[i].good);
        imsic_destroy(made);
    }
}

/* Files of different sizes have their serials apart. */
static void IMSIC_R5_serials_of_all_files(void **state)
{
    (void)state;
    static const uint32_t sizes[][2] = {{63, 255}, {255, 63}, {127, 127}};
    for (unsigned i = 0; i < 3; i++) {
        struct imsic_config c = plain;
        c.ids = sizes[i][0];
        c.guest_ids = sizes[i][1];
        c.guests = 63;
        rebuild(c);
        for (uint32_t file = 0; file < 65; file++)
            for (uint32_t id = 1; id <= sizes[i][file >= G1]; id++)
                msi_at(file, 0, id, file * 4096 + id);
        for (uint32_t file = 0; file < 65; file++)
            for (uint32_t id = 1; id <= sizes[i][file >= G1]; id++) {
                enable(file, id);
                bench_forget(&b);
                assert_int_equal(topei(file), top(id));
                port.ops->claim(port.ctx, file);
                assert_int_equal(bench_record(&b, VD_REC_msi_claim, 0)->serial, file * 4096 + id);
                assert_int_equal(bench_record(&b, VD_REC_msi_claim, 0)->a, VD_FILE(HART, file));
            }
    }
}

static void GUEST_1_files_that_are_not_there(void **state)
{
    (void)state;
    struct imsic_config c = plain;
    c.machine_file = false;
    rebuild(c);
    static const uint32_t absent[] = {M_FILE, 5, 6, 64, 65, 66};
    for (uint32_t id = 1; id <= N; id++)
        msi_at(S_FILE, 0, id, UINT64_MAX);
    for (unsigned i = 0; i < COUNT(absent); i++) {
        for (uint32_t select = 0; select < 0x102; select++) {
            set_csr(absent[i], select, UINT64_MAX);
            assert_int_equal(csr(absent[i], select), 0);
        }
        assert_int_equal(topei(absent[i]), 0);
        port.ops->claim(port.ctx, absent[i]);
        imsic_wire(m, absent[i], true);
    }
    assert_int_equal(b.wire_edges, 0);
    for (uint32_t select = 0x100; select < 0x110; select++) { /* there is no such select */
        set_csr(S_FILE, select, UINT64_MAX);
        assert_int_equal(csr(S_FILE, select), 0);
    }
    set_csr(4, EIE + 2, UINT64_MAX);
    assert_int_equal(csr(4, EIE + 2), UINT64_MAX);
}

/* What an attribute does not say is a plain write. */
static void IMSIC_M2_other_attributes(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 32; bit++) {
        struct vd_txn txn = bench_write(0, 4, 40 + bit);
        txn.attrs = 1u << bit;
        txn.status = VD_POISON;
        bool atomic = txn.attrs == VD_ATOMIC, quiet = txn.attrs == VD_DEBUG;
        assert_int_equal(imsic_access(m, S_FILE, &txn), atomic ? VD_DENIED : VD_OK);
        assert_int_equal(txn.status, atomic ? VD_DENIED : VD_OK);
        assert_int_equal(pending(S_FILE, 40 + bit), !atomic && !quiet);
    }
}

static void IMSIC_M2_end_of_the_page(void **state)
{
    (void)state;
    assert_int_equal(msi_at(S_FILE, 4092, 1, 0), VD_OK);
    assert_int_equal(msi_at(S_FILE, 4096, 1, 0), VD_DENIED);
    assert_int_equal(msi_at(S_FILE, 4100, 1, 0), VD_DENIED);
    assert_true(nothing_pending(S_FILE));
}

/* A neighbour that is pending is another matter. */
static void IMSIC_P4_neighbours(void **state)
{
    (void)state;
    for (uint32_t id = 1; id < N; id += 21) {
        msi(S_FILE, id + 1);
        bench_forget(&b);
        msi(S_FILE, id);
        assert_int_equal(bench_record(&b, VD_REC_msi_record, 0)->c, 0);
        msi(S_FILE, id);
        assert_int_equal(bench_record(&b, VD_REC_msi_record, 1)->c, 1);
    }
}

/* Records of eip name the identity and whether it was set, in every word. */
static void IMSIC_R5_records_of_every_word(void **state)
{
    (void)state;
    struct imsic_config c = plain;
    c.ids = 2047;
    rebuild(c);
    for (uint32_t w = 0; w < 32; w++) {
        bench_forget(&b);
        set_csr(S_FILE, EIP + 2 * w, 0x30);
        assert_int_equal(bench_record(&b, VD_REC_eip_set, 0)->serial, 0);
        msi_at(S_FILE, 0, w * 64 + 6, 77 + w);
        bench_forget(&b);
        set_csr(S_FILE, EIP + 2 * w, 0x20 | VD_BIT(63));
        assert_int_equal(bench_count(&b, VD_REC_eip_clear), 2);
        assert_int_equal(bench_record(&b, VD_REC_eip_clear, 0)->b, w * 64 + 4);
        assert_int_equal(bench_record(&b, VD_REC_eip_clear, 1)->b, w * 64 + 6);
        assert_int_equal(bench_record(&b, VD_REC_eip_clear, 1)->serial, 77 + w);
        assert_int_equal(bench_count(&b, VD_REC_eip_set), 1);
        assert_int_equal(bench_record(&b, VD_REC_eip_set, 0)->b, w * 64 + 63);
        bench_forget(&b);
        set_csr(S_FILE, EIP + 2 * w, 0x40); /* the serial has gone with the bit */
        assert_int_equal(bench_record(&b, VD_REC_eip_set, 0)->serial, 0);
        set_csr(S_FILE, EITHRESHOLD, 1);
        set_csr(S_FILE, EITHRESHOLD, 0);
    }
}

static void IMSIC_R4_unsupported_values(void **state)
{
    (void)state;
    struct imsic_config c = plain;
    c.direct = true;
    rebuild(c);
    static const uint64_t values[] = {2, 3, 0x3fffffff, 0x40000001, VD_BIT(62), UINT64_MAX};
    for (unsigned i = 0; i < COUNT(values); i++) {
        set_csr(S_FILE, EIDELIVERY, values[i]);
        assert_int_equal(csr(S_FILE, EIDELIVERY), IMSIC_EIDELIVERY_DIRECT);
    }
    set_csr(S_FILE, EITHRESHOLD, 7);
    bench_forget(&b);
    set_csr(S_FILE, EITHRESHOLD, 7);
    set_csr(S_FILE, EIDELIVERY, IMSIC_EIDELIVERY_DIRECT);
    assert_int_equal(b.num_records, 0);
}

/* The other interrupt controller's wires lead to M and S alone. */
static void IMSIC_R4_wires_of_M_and_S(void **state)
{
    (void)state;
    for (unsigned machine = 0; machine < 2; machine++) {
        struct imsic_config c = plain;
        c.machine_file = machine;
        rebuild(c);
        size_t size = imsic_save(m, NULL, 0);
        struct imsic_state *saved = malloc(size);
        for (uint32_t file = 0; file < 70; file++) {
            imsic_wire(m, file, true);
            imsic_save(m, saved, size);
            for (uint32_t i = 0; i < saved->files; i++)
                assert_int_equal(saved->file[i].wire,
                                 i <= file && (i == S_FILE || (i == M_FILE && machine)));
        }
        free(saved);
    }
}

static void dirty(void)
{
    for (uint32_t file = 0; file < 5; file++) {
        enable(file, 9);
        deliver(file);
        msi(file, 9);
    }
}

static void IMSIC_P6_which_files(void **state)
{
    (void)state;
    struct imsic_config c = plain;
    c.write_to_line_cycles = 4;
    for (unsigned guests = 0; guests < 2; guests++) {
        rebuild(c);
        dirty();
        assert_int_equal(b.num_events, 5);
        imsic_reveal(m, guests);
        assert_int_equal(b.num_events, guests ? 2 : 4);
        for (uint32_t file = 0; file < 5; file++)
            assert_int_equal(pending(file, 9), guests ? file < G1 : file != S_FILE);
        imsic_reset(m);
        assert_int_equal(b.num_events, 0);
    }
}

static void defect_claim_drops_from_the_start(void **state)
{
    (void)state;
    struct imsic_config c = plain;
    c.defect = IMSIC_DEFECT_CLAIM_DROPS;
    rebuild(c);
    enable(S_FILE, 3);
    msi(S_FILE, 3);
    port.ops->claim(port.ctx, S_FILE);
    msi(S_FILE, 4); /* in the first cycle of all */
    assert_true(nothing_pending(S_FILE));
    struct vd_error err;
    c.defect = 4;
    assert_null(imsic_create(&c, &b.host, &err));
    assert_string_equal(err.text, "imsic: defect 4 is not one of 0 to 3");
}

static void snapshot_of_many_files(void **state)
{
    (void)state;
    struct imsic_config c = plain;
    c.guests = 63;
    rebuild(c);
    for (uint32_t file = 0; file < 65; file++)
        for (uint32_t id = 1; id <= N; id++)
            msi_at(file, 0, id, UINT64_MAX - id);
    size_t size = imsic_save(m, NULL, 0);
    void *saved = malloc(size);
    imsic_save(m, saved, size);
    imsic_reset(m);
    assert_true(imsic_restore(m, saved, size));
    assert_true(pending(64, N));
    free(saved);
}

/* A claim may empty a word, whichever it is. */
static void TOPEI_6_nothing_left(void **state)
{
    (void)state;
    for (uint32_t id = 1; id <= N; id++) {
        enable(S_FILE, id);
        msi(S_FILE, id);
        port.ops->claim(port.ctx, S_FILE);
        assert_int_equal(topei(S_FILE), 0);
    }
}

static void out_of_memory(void **state)
{
    (void)state;
    for (uint32_t n = 1; n <= 2; n++) {
        struct vd_error err = {.text = ""};
        memory_fails_in = n;
        assert_null(imsic_create(&plain, &b.host, &err));
        assert_string_equal(err.text, "imsic: out of memory");
    }
    size_t size = imsic_save(m, NULL, 0);
    void *saved = malloc(size);
    imsic_save(m, saved, size);
    memory_fails_in = 1;
    assert_int_equal(imsic_restore(m, saved, size), false);
    assert_int_equal(memory_fails_in, 0);
    assert_true(imsic_restore(m, saved, size));
    free(saved);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(IMSIC_M1_registers),
        RULE(parameters),
        RULE(IMSIC_P5_seed),
        RULE(snapshot_out_of_range),
        RULE(snapshot_cancels_what_was_due),
        RULE(IMSIC_L1_configurations),
        RULE(IMSIC_R5_serials_of_all_files),
        RULE(GUEST_1_files_that_are_not_there),
        RULE(IMSIC_M2_other_attributes),
        RULE(IMSIC_M2_end_of_the_page),
        RULE(IMSIC_P4_neighbours),
        RULE(IMSIC_R5_records_of_every_word),
        RULE(IMSIC_R4_unsupported_values),
        RULE(IMSIC_R4_wires_of_M_and_S),
        RULE(IMSIC_P6_which_files),
        RULE(defect_claim_drops_from_the_start),
        RULE(snapshot_of_many_files),
        RULE(TOPEI_6_nothing_left),
        RULE(out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
