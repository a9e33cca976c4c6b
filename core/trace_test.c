/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/stats.h"
#include "core/trace.h"

static char path[] = "/tmp/viaduct-trace-XXXXXX";

static struct vd_record record(enum vd_record_kind kind, uint64_t a)
{
    return (struct vd_record){
        .kind = (uint16_t)kind, .time = 1000 + a, .serial = 3, .a = a, .b = 2, .c = 9, .source = 1};
}

static void emit(struct trace *trace, enum vd_record_kind kind, uint64_t a)
{
    struct vd_record rec = record(kind, a);
    trace_emit(trace, &rec);
}

static void count(void *ctx, const struct vd_record *rec)
{
    (void)rec;
    ++*(uint32_t *)ctx;
}

static void hash_covers_hashed_kinds_and_nothing_else(void **state)
{
    struct trace *x = trace_create(), *y = trace_create();
    uint32_t seen = 0;
    (void)state;
    emit(x, VD_REC_msi_claim, 1);
    trace_add_sink(y, TRACE_ALL_KINDS, count, &seen);
    emit(y, VD_REC_wire, 5);
    emit(y, VD_REC_msi_claim, 1);
    emit(y, VD_REC_iommu_access, 6);
    assert_int_equal(trace_hash(x), trace_hash(y));
    assert_int_equal(seen, 3);
    assert_int_equal(trace_count(y, VD_REC_msi_claim), 1);
    emit(x, VD_REC_console, 'a');
    emit(y, VD_REC_console, 'b');
    assert_int_not_equal(trace_hash(x), trace_hash(y));
    trace_destroy(x);
    trace_destroy(y);
}

static void hash_covers_every_field(void **state)
{
    struct vd_record base = record(VD_REC_trap, 7);
    uint64_t hashes[8];
    (void)state;
    for (uint32_t i = 0; i < 8; i++) {
        struct trace *trace = trace_create();
        struct vd_record rec = base;
        uint64_t *words[] = {&rec.time, &rec.serial, &rec.a, &rec.b, &rec.c};
        if (i >= 1 && i <= 5)
            *words[i - 1] ^= UINT64_C(1) << 63;
        rec.source = (uint16_t)(i == 6 ? 2 : 1);
        rec.kind = i == 7 ? VD_REC_hint : VD_REC_trap;
        trace_emit(trace, &rec);
        hashes[i] = trace_hash(trace);
        for (uint32_t j = 0; j < i; j++)
            assert_int_not_equal(hashes[i], hashes[j]);
        trace_destroy(trace);
    }
}

/* The value is part of what users compare between versions: it may only change on purpose. */
static void hash_is_the_documented_function(void **state)
{
    struct trace *trace = trace_create();
    (void)state;
    assert_int_equal(trace_hash(trace), UINT64_C(0xcbf29ce484222325));
    trace_emit(trace, &(struct vd_record){.kind = VD_REC_msi_issue});
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (int i = 0; i < 6; i++) {
        h *= UINT64_C(0x100000001b3);
        h ^= h >> 32;
    }
    assert_int_equal(trace_hash(trace), h);
    trace_destroy(trace);
}

static void sinks_get_the_kinds_they_want(void **state)
{
    struct trace *trace = trace_create();
    uint32_t seen = 0;
    (void)state;
    trace_add_sink(trace, UINT64_C(1) << VD_REC_trap, count, &seen);
    emit(trace, VD_REC_trap, 1);
    emit(trace, VD_REC_xret, 1);
    assert_int_equal(seen, 1);
    trace_destroy(trace);
}

static void write_file(void)
{
    struct vd_error err;
    struct trace *trace = trace_create();
    const char *names[] = {"hart0", "imsic0"};
    emit(trace, VD_REC_trap, 99);
    assert_true(trace_open(trace, path, ~(UINT64_C(1) << VD_REC_wire), names, 2, &err));
    assert_false(trace_open(trace, path, 0, names, 2, &err));
    emit(trace, VD_REC_trap, 1);
    emit(trace, VD_REC_wire, 2);
    emit(trace, VD_REC_msi_claim, UINT64_C(0xfedcba9876543210));
    assert_true(trace_close(trace, &err));
    emit(trace, VD_REC_trap, 3);
    trace_destroy(trace);
}

static void file_reads_back(void **state)
{
    struct vd_error err;
    struct vd_record rec, want;
    bool truncated;
    (void)state;
    write_file();
    struct trace_reader *reader = trace_read_open(path, &err);
    assert_non_null(reader);
    assert_string_equal(trace_read_source(reader, 1), "imsic0");
    assert_string_equal(trace_read_source(reader, 2), "unknown");
    assert_string_equal(trace_read_kind(reader, VD_REC_msi_drop)->name, "msi_drop");
    assert_string_equal(trace_read_kind(reader, VD_REC_msi_drop)->fields[0], "drop");
    assert_null(trace_read_kind(reader, VD_REC_COUNT));
    assert_true(trace_read(reader, &rec, &truncated));
    want = record(VD_REC_trap, 1);
    assert_memory_equal(&rec, &want, sizeof(rec));
    assert_true(trace_read(reader, &rec, &truncated));
    want = record(VD_REC_msi_claim, UINT64_C(0xfedcba9876543210));
    assert_memory_equal(&rec, &want, sizeof(rec));
    assert_false(trace_read(reader, &rec, &truncated));
    assert_false(truncated);
    trace_read_close(reader);
}

static void every_truncation_is_noticed(void **state)
{
    static uint8_t bytes[16384];
    struct vd_error err;
    struct vd_record rec;
    (void)state;
    write_file();
    FILE *file = fopen(path, "rb");
    size_t size = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    for (size_t length = 0; length < size; length += length < 40 ? 1 : 7) {
        bool truncated = false;
        uint32_t records = 0;
        file = fopen(path, "wb");
        fwrite(bytes, 1, length, file);
        fclose(file);
        struct trace_reader *reader = trace_read_open(path, &err);
        while (reader && trace_read(reader, &rec, &truncated))
            records++;
        assert_true(!reader || records < 2);
        trace_read_close(reader);
    }
    assert_null(trace_read_open("/nonexistent/trace", &err));
    assert_non_null(strstr(err.text, "/nonexistent/trace"));
}

static void damaged_header_is_refused(void **state)
{
    struct vd_error err;
    (void)state;
    const uint8_t huge[] = "viaduct\n\1\0\0\0\x30\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff";
    FILE *file = fopen(path, "wb");
    fwrite(huge, 1, sizeof(huge) - 1, file);
    fclose(file);
    assert_null(trace_read_open(path, &err));
    const uint8_t newer[] = "viaduct\n\2\0\0\0\x30\0\0\0\0\0\0\0\0\0\0\0";
    file = fopen(path, "wb");
    fwrite(newer, 1, sizeof(newer) - 1, file);
    fclose(file);
    assert_null(trace_read_open(path, &err));
    assert_non_null(strstr(err.text, "version 2"));
}

static void unwritable_files_are_reported(void **state)
{
    struct vd_error err = {""};
    struct trace *trace = trace_create();
    (void)state;
    assert_false(trace_open(trace, "/nonexistent/trace", TRACE_ALL_KINDS, NULL, 0, &err));
    assert_non_null(strstr(err.text, "/nonexistent/trace"));
    assert_true(trace_open(trace, "/dev/full", TRACE_ALL_KINDS, NULL, 0, &err));
    emit(trace, VD_REC_trap, 1);
    assert_false(trace_close(trace, &err));
    assert_non_null(strstr(err.text, "/dev/full"));
    trace_destroy(trace);
}

static void names_cover_every_kind_and_drop(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < VD_REC_COUNT; i++)
        assert_non_null(trace_kind(i)->name);
    assert_null(trace_kind(VD_REC_COUNT));
    assert_string_equal(trace_drop_name(VD_DROP_memory), "memory");
    assert_string_equal(trace_drop_name(VD_DROP_COUNT), "unknown");
}

static void stats_keep_order_and_write_json(void **state)
{
    struct vd_error err;
    uint64_t value;
    char text[128] = {0};
    struct stats *stats = stats_create();
    (void)state;
    stats_add(stats, "hart0.instructions", 5);
    stats_set(stats, "bus.reads", 1);
    stats_add(stats, "hart0.instructions", 6);
    assert_true(stats_get(stats, "hart0.instructions", &value));
    assert_int_equal(value, 11);
    assert_false(stats_get(stats, "none", &value));
    assert_int_equal(stats_count(stats), 2);
    assert_string_equal(stats_name(stats, 1), "bus.reads");
    assert_true(stats_write(stats, path, &err));
    FILE *file = fopen(path, "r");
    assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
    fclose(file);
    assert_string_equal(text, "{\n  \"hart0.instructions\": 11,\n  \"bus.reads\": 1\n}\n");
    assert_false(stats_write(stats, "/nonexistent/stats", &err));
    stats_destroy(stats);
}

static int make_path(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int remove_path(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hash_covers_hashed_kinds_and_nothing_else),
        cmocka_unit_test(hash_covers_every_field),
        cmocka_unit_test(hash_is_the_documented_function),
        cmocka_unit_test(sinks_get_the_kinds_they_want),
        cmocka_unit_test(file_reads_back),
        cmocka_unit_test(every_truncation_is_noticed),
        cmocka_unit_test(damaged_header_is_refused),
        cmocka_unit_test(unwritable_files_are_reported),
        cmocka_unit_test(names_cover_every_kind_and_drop),
        cmocka_unit_test(stats_keep_order_and_write_json),
    };
    return cmocka_run_group_tests(tests, make_path, remove_path);
}
