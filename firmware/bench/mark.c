/* SPDX-License-Identifier: BSD-2-Clause */
/* A synthetic embedded workload: a linked list that is searched, reversed and merge-sorted, small
 * integer matrices, a state machine that scans numbers, and a CRC over all results.  The mix
 * resembles the usual embedded benchmark; the program is our own. */
#include <stddef.h>
#include <stdint.h>

#ifndef ROUNDS
#define ROUNDS 20000
#endif

enum { NODES = 96, SIDE = 10 };

struct node {
    struct node *next;
    int16_t key, value;
};

static struct node nodes[NODES];
static int16_t matrix_a[SIDE][SIDE], matrix_b[SIDE][SIDE];
static int32_t matrix_c[SIDE][SIDE];

static uint16_t crc_byte(uint8_t byte, uint16_t crc)
{
    for (int i = 0; i < 8; i++) {
        unsigned carry = (byte ^ crc) & 1;
        byte >>= 1;
        crc >>= 1;
        if (carry)
            crc ^= 0xa001;
    }
    return crc;
}

static uint16_t crc_word(uint32_t word, uint16_t crc)
{
    for (int i = 0; i < 4; i++)
        crc = crc_byte((uint8_t)(word >> 8 * i), crc);
    return crc;
}

static struct node *list_build(uint32_t seed)
{
    for (int i = 0; i < NODES; i++) {
        seed = seed * 1103515245u + 12345u;
        nodes[i].key = (int16_t)(seed >> 16 & 0x7fff);
        nodes[i].value = (int16_t)i;
        nodes[i].next = i + 1 < NODES ? &nodes[i + 1] : NULL;
    }
    return nodes;
}

static __attribute__((noinline)) struct node *list_find(struct node *list, int16_t key)
{
    while (list && list->key != key)
        list = list->next;
    return list;
}

static struct node *list_reverse(struct node *list)
{
    struct node *done = NULL;
    while (list) {
        struct node *next = list->next;
        list->next = done;
        done = list;
        list = next;
    }
    return done;
}

static int by_key(const struct node *a, const struct node *b)
{
    return a->key - b->key;
}

static int by_value(const struct node *a, const struct node *b)
{
    return (a->value & 0x3f) - (b->value & 0x3f);
}

static struct node *list_merge(struct node *a, struct node *b,
                               int (*order)(const struct node *, const struct node *))
{
    struct node head, *tail = &head;
    while (a && b) {
        struct node **from = order(a, b) <= 0 ? &a : &b;
        tail->next = *from;
        tail = *from;
        *from = tail->next;
    }
    tail->next = a ? a : b;
    return head.next;
}

static __attribute__((noinline)) struct node *
list_sort(struct node *list, int (*order)(const struct node *, const struct node *))
{
    struct node *runs[16];
    for (int level = 0; level < 16; level++)
        runs[level] = NULL;
    while (list) {
        struct node *one = list;
        int level = 0;
        list = list->next;
        one->next = NULL;
        while (runs[level]) {
            one = list_merge(runs[level], one, order);
            runs[level++] = NULL;
        }
        runs[level] = one;
    }
    struct node *all = NULL;
    for (int level = 0; level < 16; level++)
        all = all ? (runs[level] ? list_merge(runs[level], all, order) : all) : runs[level];
    return all;
}

static uint16_t list_work(uint32_t seed, uint16_t crc)
{
    struct node *list = list_build(seed);
    for (int i = 0; i < 8; i++) {
        struct node *hit = list_find(list, nodes[(i * 11 + (int)seed) & 63].key);
        crc = crc_word(hit ? (uint32_t)hit->value : 0, crc);
        list = list_reverse(list);
    }
    list = list_sort(list, by_key);
    crc = crc_word((uint32_t)list->key, crc);
    list = list_sort(list, by_value);
    return crc_word((uint32_t)list->key, crc);
}

static __attribute__((noinline)) void matrix_multiply(void)
{
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++) {
            int32_t sum = 0;
            for (int k = 0; k < SIDE; k++)
                sum += matrix_a[i][k] * matrix_b[k][j];
            matrix_c[i][j] = sum;
        }
}

static __attribute__((noinline)) int32_t matrix_bits(int32_t clip)
{
    int32_t last = 0, result = 0;
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++) {
            int32_t now = matrix_c[i][j] >> 2 & 0xffff;
            if (now > clip)
                result += 10;
            else
                result += now > last;
            last = now;
        }
    return result;
}

static uint16_t matrix_work(uint32_t seed, uint16_t crc)
{
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++) {
            seed = seed * 3 + 1;
            matrix_a[i][j] = (int16_t)(seed & 0xff);
            matrix_b[i][j] = (int16_t)(seed >> 3 & 0xff);
        }
    for (int i = 0; i < 2; i++) {
        matrix_multiply();
        crc = crc_word((uint32_t)matrix_bits((int32_t)(seed & 0x7fff)), crc);
        matrix_a[i][i] = (int16_t)(matrix_a[i][i] + 1);
    }
    return crc;
}

enum state { START, SIGN, INTEGER, FRACTION, EXPONENT, POWER, BAD, STATES };

static __attribute__((noinline)) enum state scan(const char **text, uint32_t *visits)
{
    enum state state = START;
    const char *at = *text;
    for (; *at && *at != ','; at++) {
        char c = *at;
        int digit = c >= '0' && c <= '9';
        switch (state) {
        case START:
            state = digit ? INTEGER : c == '+' || c == '-' ? SIGN : c == '.' ? FRACTION : BAD;
            break;
        case SIGN:
            state = digit ? INTEGER : c == '.' ? FRACTION : BAD;
            break;
        case INTEGER:
            if (!digit)
                state = c == '.' ? FRACTION : c == 'e' ? EXPONENT : BAD;
            break;
        case FRACTION:
            if (!digit)
                state = c == 'e' ? EXPONENT : BAD;
            break;
        case EXPONENT:
            state = digit || c == '-' ? POWER : BAD;
            break;
        case POWER:
            if (!digit)
                state = BAD;
            break;
        default:
            break;
        }
        visits[state]++;
    }
    *text = *at ? at + 1 : at;
    return state;
}

static uint16_t state_work(uint32_t seed, uint16_t crc)
{
    static const char *const lines[4] = {
        "5012,-7.25,1e5,+.5e-3,bad,12345,0.0.1", "9,88,777,6666,55555,x1,-3",
        "1.5e10,2.5e-9,+4,-5,6e,7.x,8.25", "T0.3e-1F,-T.T++Tq,1T3.4e4z,34.0e-T^"};
    uint32_t visits[STATES], ends[STATES];
    for (int i = 0; i < STATES; i++)
        visits[i] = ends[i] = 0;
    const char *at = lines[seed & 3];
    while (*at)
        ends[scan(&at, visits)]++;
    for (int i = 0; i < STATES; i++)
        crc = crc_word(visits[i] << 8 | ends[i], crc);
    return crc;
}

int main(void)
{
    uint16_t crc = 0xffff;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        crc = list_work(round, crc);
        crc = matrix_work(round, crc);
        for (uint32_t i = 0; i < 4; i++)
            crc = state_work(round + i, crc);
    }
    return crc == 0;
}
