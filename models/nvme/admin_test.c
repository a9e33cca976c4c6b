/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nvme/driver.h"

enum {
    DELETE_SQ = 0,
    CREATE_SQ = 1,
    GET_LOG = 2,
    DELETE_CQ = 4,
    CREATE_CQ = 5,
    IDENTIFY = 6,
    ABORT = 8,
    SET_FEATURES = 9,
    GET_FEATURES = 10,
    EVENT = 12,
};

static const struct nvme_config plain = {
    .queues = 3, .queue_entries = 64, .serial = "serial-0123456789ab", .cycle_ps = 1000};

static int setup(void **state)
{
    *state = driver_new(&plain, false);
    return 0;
}

static int teardown(void **state)
{
    driver_free(*state);
    return 0;
}

static uint32_t identify(struct driver *d, uint32_t cns, uint32_t nsid)
{
    const struct command c = {.opcode = IDENTIFY, .nsid = nsid, .prp1 = DRIVER_DATA, .dw10 = cns};
    for (uint32_t i = 0; i < 4096; i += 8)
        bench_poke(&d->bench, DRIVER_DATA + i, 8, UINT64_MAX);
    return driver_do(d, 0, &c, NULL);
}

static uint64_t data(struct driver *d, uint32_t offset, unsigned size)
{
    return bench_peek(&d->bench, DRIVER_DATA + offset, size);
}

static void identify_controller(void **state)
{
    struct driver *d = *state;
    assert_int_equal(identify(d, 1, 0), NVME_OK);
    assert_int_equal(data(d, 0, 2), 0x1af0);
    for (uint32_t i = 0; i < 20; i++)
        assert_int_equal(data(d, 4 + i, 1), i < 19 ? plain.serial[i] : ' ');
    assert_int_equal(data(d, 77, 1), 7);
    assert_int_equal(data(d, 80, 4), 0x10400);
    assert_int_equal(data(d, 512, 2), 0x4466);
    assert_int_equal(data(d, 516, 4), 2);
    assert_int_equal(data(d, 111, 1), 1);
    assert_int_equal(data(d, 520, 2), 0x001d);
    assert_int_equal(data(d, 525, 1), 7);
    assert_int_equal(data(d, 4088, 8), 0);
}

static void identify_namespaces(void **state)
{
    struct driver *d = *state;
    uint64_t first;
    assert_int_equal(identify(d, 0, 1), NVME_OK);
    assert_int_equal(data(d, 0, 8), 2048);
    assert_int_equal(data(d, 8, 8), 2048);
    assert_int_equal(data(d, 130, 1), 9);
    first = data(d, 120, 8);
    assert_int_not_equal(first, 0);
    assert_int_equal(identify(d, 0, 2), NVME_OK);
    assert_int_not_equal(data(d, 120, 8), first);
    assert_int_equal(identify(d, 3, 1), NVME_OK);
    assert_int_equal(data(d, 0, 2), 0x0801);
    assert_int_equal(data(d, 4, 8), first);
    assert_int_equal(data(d, 12, 4), 0);
    assert_int_equal(identify(d, 0, 3), NVME_INVALID_NAMESPACE);
    assert_int_equal(identify(d, 0, 0), NVME_INVALID_NAMESPACE);
    assert_int_equal(identify(d, 3, UINT32_MAX), NVME_INVALID_NAMESPACE);
    assert_int_equal(identify(d, 2, 0), NVME_OK);
    assert_int_equal(data(d, 0, 8), UINT64_C(2) << 32 | 1);
    assert_int_equal(data(d, 8, 8), 0);
    assert_int_equal(identify(d, 2, 1), NVME_OK);
    assert_int_equal(data(d, 0, 8), 2);
    assert_int_equal(identify(d, 2, 0xfffffffe), NVME_INVALID_NAMESPACE);
    assert_int_equal(identify(d, 6, 0), NVME_INVALID_FIELD);
}

/* Namespace 1 could exist: it is inactive, not invalid. */
static void no_namespaces(void **state)
{
    (void)state;
    struct driver *d = driver_without_disks(&plain);
    const struct command read = {.opcode = 2, .nsid = 1, .prp1 = DRIVER_DATA};
    const struct command wrong = {.opcode = 2, .nsid = 2, .prp1 = DRIVER_DATA};
    const struct command flush = {.opcode = 0, .nsid = UINT32_MAX};
    assert_int_equal(identify(d, 1, 0), NVME_OK);
    assert_int_equal(data(d, 516, 4), 1);
    assert_int_equal(identify(d, 2, 0), NVME_OK);
    assert_int_equal(data(d, 0, 8), 0);
    assert_int_equal(identify(d, 0, 1), NVME_OK);
    for (uint32_t i = 0; i < 4096; i += 8)
        assert_int_equal(data(d, i, 8), 0);
    assert_int_equal(identify(d, 3, 1), NVME_INVALID_NAMESPACE);
    assert_int_equal(identify(d, 0, 2), NVME_INVALID_NAMESPACE);
    driver_create_queue(d, 1);
    assert_int_equal(driver_do(d, 1, &read, NULL), NVME_INVALID_FIELD);
    assert_int_equal(driver_do(d, 1, &wrong, NULL), NVME_INVALID_NAMESPACE);
    assert_int_equal(driver_do(d, 1, &flush, NULL), NVME_OK);
    driver_free(d);
}

static uint32_t create(struct driver *d, uint32_t opcode, uint32_t id, uint32_t last, uint32_t dw11,
                       uint64_t prp)
{
    const struct command c = {.opcode = opcode, .prp1 = prp, .dw10 = last << 16 | id, .dw11 = dw11};
    return driver_do(d, 0, &c, NULL);
}

static uint32_t delete (struct driver *d, uint32_t opcode, uint32_t id)
{
    const struct command c = {.opcode = opcode, .dw10 = id};
    return driver_do(d, 0, &c, NULL);
}

static void queue_creation_errors(void **state)
{
    struct driver *d = *state;
    driver_create_queue(d, 1);
    assert_int_equal(create(d, CREATE_CQ, 0, 7, 3, DRIVER_CQ), NVME_INVALID_QUEUE_ID);
    assert_int_equal(create(d, CREATE_CQ, 1, 7, 3, DRIVER_CQ), NVME_INVALID_QUEUE_ID);
    assert_int_equal(create(d, CREATE_CQ, 4, 7, 3, DRIVER_CQ), NVME_INVALID_QUEUE_ID);
    assert_int_equal(create(d, CREATE_CQ, 65535, 7, 3, DRIVER_CQ), NVME_INVALID_QUEUE_ID);
    assert_int_equal(create(d, CREATE_CQ, 2, 0, 3, DRIVER_CQ), NVME_INVALID_QUEUE_SIZE);
    assert_int_equal(create(d, CREATE_CQ, 2, 64, 3, DRIVER_CQ), NVME_INVALID_QUEUE_SIZE);
    assert_int_equal(create(d, CREATE_CQ, 2, 7, 2, DRIVER_CQ), NVME_INVALID_FIELD);
    assert_int_equal(create(d, CREATE_CQ, 2, 7, 3, DRIVER_CQ + 64), NVME_INVALID_PRP_OFFSET);
    assert_int_equal(create(d, CREATE_CQ, 2, 7, 4 << 16 | 3, DRIVER_CQ), NVME_INVALID_VECTOR);
    assert_int_equal(create(d, CREATE_SQ, 1, 7, 1 << 16 | 1, DRIVER_SQ), NVME_INVALID_QUEUE_ID);
    assert_int_equal(create(d, CREATE_SQ, 2, 7, 2 << 16 | 1, DRIVER_SQ), NVME_CQ_INVALID);
    assert_int_equal(create(d, CREATE_SQ, 2, 7, 0 << 16 | 1, DRIVER_SQ), NVME_INVALID_QUEUE_ID);
    assert_int_equal(create(d, CREATE_SQ, 2, 7, 9 << 16 | 1, DRIVER_SQ), NVME_INVALID_QUEUE_ID);
    assert_int_equal(delete (d, DELETE_CQ, 1), NVME_INVALID_QUEUE_DELETION);
    assert_int_equal(delete (d, DELETE_CQ, 0), NVME_INVALID_QUEUE_ID);
    assert_int_equal(delete (d, DELETE_SQ, 0), NVME_INVALID_QUEUE_ID);
    assert_int_equal(delete (d, DELETE_SQ, 2), NVME_INVALID_QUEUE_ID);
    assert_int_equal(delete (d, DELETE_SQ, 65535), NVME_INVALID_QUEUE_ID);
    assert_int_equal(delete (d, DELETE_SQ, 1), NVME_OK);
    assert_int_equal(delete (d, DELETE_CQ, 1), NVME_OK);
    assert_int_equal(delete (d, DELETE_CQ, 1), NVME_INVALID_QUEUE_ID);
}

/* Sizes of entries are for CC to say, before there are queues. */
static void queues_without_entry_sizes(void **state)
{
    struct driver *d = *state;
    driver_write(d, CC, 4, 0x00400001);
    assert_int_equal(create(d, CREATE_CQ, 1, 7, 3, DRIVER_CQ), NVME_OK);
    assert_int_equal(create(d, CREATE_SQ, 1, 7, 1 << 16 | 1, DRIVER_SQ), NVME_INVALID_QUEUE_SIZE);
    driver_write(d, CC, 4, 0x00060001);
    assert_int_equal(create(d, CREATE_CQ, 2, 7, 3, DRIVER_CQ), NVME_INVALID_QUEUE_SIZE);
    assert_int_equal(create(d, CREATE_SQ, 1, 7, 1 << 16 | 1, DRIVER_SQ), NVME_OK);
}

/* A queue made anew starts at its beginning, with the phase of the beginning. */
static void queues_again(void **state)
{
    struct driver *d = *state;
    const struct command flush = {.opcode = 0, .nsid = 1};
    driver_create_queue(d, 1);
    for (uint32_t i = 0; i < 11; i++)
        assert_int_equal(driver_do(d, 1, &flush, NULL), NVME_OK);
    assert_int_equal(delete (d, DELETE_SQ, 1), NVME_OK);
    assert_int_equal(delete (d, DELETE_CQ, 1), NVME_OK);
    for (uint32_t i = 0; i < 4096; i += 8)
        bench_poke(&d->bench, DRIVER_CQ + i, 8, 0);
    d->queues[1].head = d->queues[1].tail = 0;
    d->queues[1].phase = 1;
    driver_create_queue(d, 1);
    assert_int_equal(driver_do(d, 1, &flush, NULL), NVME_OK);
}

static uint32_t set(struct driver *d, uint32_t dw10, uint32_t value, uint32_t *result)
{
    struct completion c;
    const struct command command = {.opcode = SET_FEATURES, .dw10 = dw10, .dw11 = value};
    uint32_t status = driver_do(d, 0, &command, &c);
    *result = c.dw0;
    return status;
}

static uint32_t get(struct driver *d, uint32_t dw10, uint32_t dw11, uint32_t *result)
{
    struct completion c;
    const struct command command = {.opcode = GET_FEATURES, .dw10 = dw10, .dw11 = dw11};
    uint32_t status = driver_do(d, 0, &command, &c);
    *result = c.dw0;
    return status;
}

static void features(void **state)
{
    struct driver *d = *state;
    uint32_t value;
    assert_int_equal(set(d, 7, 1 << 16 | 9, &value), NVME_OK);
    assert_int_equal(value, 1 << 16 | 2);
    assert_int_equal(get(d, 7, 0, &value), NVME_OK);
    assert_int_equal(value, 1 << 16 | 2);
    assert_int_equal(set(d, 7, 9 << 16 | 1, &value), NVME_OK);
    assert_int_equal(value, 2 << 16 | 1);
    assert_int_equal(set(d, 7, 0xffff, &value), NVME_INVALID_FIELD);
    assert_int_equal(set(d, 8, 0x1234, &value), NVME_OK);
    assert_int_equal(get(d, 8, 0, &value), NVME_OK);
    assert_int_equal(value, 0x1234);
    assert_int_equal(get(d, 0x108, 0, &value), NVME_OK); /* default */
    assert_int_equal(value, 0);
    assert_int_equal(get(d, 0x308, 0, &value), NVME_OK); /* capabilities */
    assert_int_equal(value, 4);
    assert_int_equal(get(d, 6, 0, &value), NVME_OK);
    assert_int_equal(value, 1);
    assert_int_equal(set(d, 9, 1 << 16 | 2, &value), NVME_OK);
    assert_int_equal(get(d, 9, 2, &value), NVME_OK);
    assert_int_equal(value, 1 << 16 | 2);
    assert_int_equal(get(d, 9, 1, &value), NVME_OK);
    assert_int_equal(value, 1);
    assert_int_equal(get(d, 9, 4, &value), NVME_INVALID_FIELD);
    assert_int_equal(set(d, 0x7f, 0, &value), NVME_INVALID_FIELD);
    assert_int_equal(get(d, 0x7f, 0, &value), NVME_INVALID_FIELD);
    assert_int_equal(set(d, 0x80000006, 0, &value), NVME_FEATURE_NOT_SAVEABLE);
    assert_int_equal(set(d, 2, 1, &value), NVME_INVALID_FIELD);
    driver_create_queue(d, 1);
    assert_int_equal(set(d, 7, 0, &value), NVME_COMMAND_SEQUENCE_ERROR);
    driver_enable(d);
    assert_int_equal(get(d, 8, 0, &value), NVME_OK);
    assert_int_equal(value, 0);
}

static void features_of_a_namespace(void **state)
{
    struct driver *d = *state;
    struct command c = {.opcode = SET_FEATURES, .nsid = 1, .dw10 = 8, .dw11 = 5};
    assert_int_equal(driver_do(d, 0, &c, NULL), NVME_FEATURE_NOT_OF_NAMESPACE);
    c.nsid = UINT32_MAX;
    assert_int_equal(driver_do(d, 0, &c, NULL), NVME_OK);
}

/* Bits 19:16 select a sensor, 21:20 the threshold above or below. */
static void temperature_thresholds(void **state)
{
    struct driver *d = *state;
    uint32_t value;
    enum { BELOW = 1 << 20, SENSOR_1 = 1 << 16, SENSOR_9 = 9 << 16, ALL = 15 << 16 };
    assert_int_equal(get(d, 4, 0, &value), NVME_OK);
    assert_int_equal(value, 343);
    assert_int_equal(get(d, 4, BELOW, &value), NVME_OK);
    assert_int_equal(value, 0);
    assert_int_equal(set(d, 4, BELOW | 280, &value), NVME_OK);
    assert_int_equal(set(d, 4, SENSOR_1 | 200, &value), NVME_OK);
    assert_int_equal(get(d, 4, BELOW, &value), NVME_OK);
    assert_int_equal(value, 280);
    assert_int_equal(get(d, 0x104, BELOW, &value), NVME_OK);
    assert_int_equal(value, 0);
    assert_int_equal(get(d, 4, 0, &value), NVME_OK);
    assert_int_equal(value, 343);
    assert_int_equal(get(d, 4, SENSOR_1, &value), NVME_OK);
    assert_int_equal(value, 0);
    assert_int_equal(get(d, 4, SENSOR_9, &value), NVME_INVALID_FIELD);
    assert_int_equal(set(d, 4, SENSOR_9, &value), NVME_INVALID_FIELD);
    assert_int_equal(set(d, 4, 2 * BELOW, &value), NVME_INVALID_FIELD);
    assert_int_equal(get(d, 4, ALL, &value), NVME_INVALID_FIELD);
}

static uint32_t get_log(struct driver *d, uint32_t page, uint32_t bytes, bool retain)
{
    const struct command c = {.opcode = GET_LOG,
                              .nsid = UINT32_MAX,
                              .prp1 = DRIVER_DATA,
                              .dw10 = (bytes / 4 - 1) << 16 | (uint32_t)retain << 15 | page};
    return driver_do(d, 0, &c, NULL);
}

static void logs(void **state)
{
    struct driver *d = *state;
    const struct command bad = {.opcode = 0x7f, .nsid = 5};
    assert_int_equal(driver_do(d, 0, &bad, NULL), NVME_INVALID_OPCODE);
    assert_int_equal(get_log(d, 1, 128, false), NVME_OK);
    assert_int_equal(data(d, 0, 8), 1);
    assert_int_equal(data(d, 12, 2), (NVME_DNR | NVME_INVALID_OPCODE) << 1);
    assert_int_equal(data(d, 24, 4), 5);
    assert_int_equal(data(d, 64, 8), 0);
    driver_create_queue(d, 1);
    assert_int_equal(driver_transfer(d, 2, DRIVER_DATA, 0, 1001), NVME_OK);
    assert_int_equal(get_log(d, 2, 512, false), NVME_OK);
    assert_int_equal(data(d, 1, 2), 300);
    assert_int_equal(data(d, 32, 8), 2);
    assert_int_equal(data(d, 64, 8), 1);
    assert_int_equal(data(d, 176, 8), 1);
    assert_int_equal(get_log(d, 3, 64, false), NVME_OK);
    assert_int_equal(data(d, 0, 1), 1);
    assert_int_equal(get_log(d, 0x70, 64, false), NVME_INVALID_LOG_PAGE);
    assert_int_equal(get_log(d, 1, 8192, false), NVME_INVALID_FIELD);
}

static uint64_t critical_warning(struct driver *d)
{
    assert_int_equal(get_log(d, 2, 512, false), NVME_OK);
    return data(d, 0, 1);
}

static void critical_temperature(void **state)
{
    struct driver *d = *state;
    uint32_t value;
    assert_int_equal(critical_warning(d), 0);
    assert_int_equal(set(d, 4, 300, &value), NVME_OK);
    assert_int_equal(critical_warning(d), 2);
    assert_int_equal(set(d, 4, 15 << 16 | 301, &value), NVME_OK);
    assert_int_equal(critical_warning(d), 0);
    assert_int_equal(set(d, 4, 1 << 20 | 300, &value), NVME_OK);
    assert_int_equal(critical_warning(d), 2);
}

static void logs_of_a_namespace(void **state)
{
    struct driver *d = *state;
    struct command c = {.opcode = GET_LOG, .nsid = 1, .prp1 = DRIVER_DATA, .dw10 = 127 << 16 | 2};
    assert_int_equal(driver_do(d, 0, &c, NULL), NVME_INVALID_FIELD);
    c.nsid = 0;
    assert_int_equal(driver_do(d, 0, &c, NULL), NVME_OK);
}

/* An event waits for a request, and the next one until its log has been read. */
static void asynchronous_events(void **state)
{
    struct driver *d = *state;
    struct completion c;
    const struct command request = {.opcode = EVENT};
    uint16_t first = driver_put(d, 0, &request), second = driver_put(d, 0, &request);
    driver_ring(d, 0);
    assert_false(driver_take(d, 0, &c));
    driver_write(d, 0x1000 + 8 * 3, 4, 1); /* no such queue */
    assert_true(driver_take(d, 0, &c));
    assert_true(c.cid == first || c.cid == second);
    assert_int_equal(c.dw0, 0x00010000);
    assert_int_equal(c.status, NVME_OK);
    driver_write(d, 0x1000, 4, DRIVER_ENTRIES); /* no such entry */
    assert_false(driver_take(d, 0, &c));
    assert_int_equal(get_log(d, 1, 64, true), NVME_OK);
    assert_false(driver_take(d, 0, &c));
    const struct command log = {.opcode = GET_LOG, .prp1 = DRIVER_DATA, .dw10 = 15 << 16 | 1};
    driver_put(d, 0, &log);
    driver_ring(d, 0);
    assert_true(driver_take(d, 0, &c));
    assert_true(driver_take(d, 0, &c));
    assert_int_equal(c.dw0, 0x00010100);
    assert_false(driver_take(d, 0, &c));
}

static void too_many_event_requests(void **state)
{
    struct driver *d = *state;
    struct completion c;
    const struct command request = {.opcode = EVENT};
    for (uint32_t i = 0; i < 4; i++)
        driver_put(d, 0, &request);
    driver_ring(d, 0);
    assert_false(driver_take(d, 0, &c));
    assert_int_equal(driver_do(d, 0, &request, NULL), NVME_AER_LIMIT);
}

static void abort_finds_nothing(void **state)
{
    struct driver *d = *state;
    struct completion c;
    const struct command command = {.opcode = ABORT, .dw10 = 5 << 16 | 1};
    assert_int_equal(driver_do(d, 0, &command, &c), NVME_OK);
    assert_int_equal(c.dw0, 1);
}

#define RULE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(identify_controller),
        RULE(identify_namespaces),
        cmocka_unit_test(no_namespaces),
        RULE(queue_creation_errors),
        RULE(queues_again),
        RULE(queues_without_entry_sizes),
        RULE(features),
        RULE(features_of_a_namespace),
        RULE(temperature_thresholds),
        RULE(logs),
        RULE(critical_temperature),
        RULE(logs_of_a_namespace),
        RULE(asynchronous_events),
        RULE(abort_finds_nothing),
        RULE(too_many_event_requests),
    };
    return cmocka_run_group_tests_name("nvme-admin", tests, NULL, NULL);
}
