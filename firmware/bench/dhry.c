/* SPDX-License-Identifier: BSD-2-Clause */
/* A synthetic integer program: small procedures, records passed by pointer, string compare and
 * copy, array indexing, enumerations.  The mix resembles systems programs of the eighties; the
 * program is our own. */
#include <stddef.h>
#include <stdint.h>

#ifndef ROUNDS
#define ROUNDS 4000000
#endif

enum colour { RED, ORANGE, YELLOW, GREEN, BLUE };

struct item {
    struct item *next;
    enum colour colour;
    int weight;
    long total;
    char name[32];
};

static struct item first, second;
static long table[50];
static long grid[50][50];
static char flag;
static int counter;

static __attribute__((noinline)) int text_compare(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return (unsigned char)*a - (unsigned char)*b;
}

static __attribute__((noinline)) void text_copy(char *to, const char *from)
{
    while ((*to++ = *from++) != 0)
        ;
}

static __attribute__((noinline)) enum colour mix(enum colour a, int weight)
{
    switch (a) {
    case RED:
        return weight > 100 ? BLUE : ORANGE;
    case ORANGE:
        return YELLOW;
    case YELLOW:
        return GREEN;
    case GREEN:
        return weight & 1 ? RED : BLUE;
    default:
        return RED;
    }
}

static __attribute__((noinline)) void add_into(int a, int b, long *sum)
{
    long local = a + 2;
    *sum = b + local;
}

static __attribute__((noinline)) void update(struct item *to)
{
    struct item *next = to->next;
    *next = *to;
    to->weight = 5;
    next->weight = to->weight;
    next->next = to->next;
    if (next->colour == RED) {
        next->weight = 6;
        next->colour = mix(to->colour, to->weight);
        add_into(next->weight, 10, &next->total);
    } else {
        next->colour = mix(next->colour, counter);
        next->total += to->total >> 2;
    }
}

static __attribute__((noinline)) void fill(long *row, long (*rows)[50], int at, int value)
{
    int index = at + 5;
    row[index] = value;
    row[index + 1] = row[index];
    row[index + 30 - at] = index;
    for (int i = index; i <= index + 1; i++)
        rows[index][i] = index;
    rows[index][index - 1] += 1;
    rows[index + 10][index] = row[index];
    counter = 5;
}

static __attribute__((noinline)) char pick(char a, char b)
{
    char c = a;
    if (c != b)
        return 0;
    flag = c;
    return 1;
}

static __attribute__((noinline)) int ordered(const char *a, const char *b)
{
    int i = 2;
    char c = 'A';
    while (i <= 2)
        if (pick(a[i], b[i + 1]) == 0) {
            c = 'A';
            i++;
        } else {
            break;
        }
    if (c == 'R')
        return 1;
    return text_compare(a, b) > 0 ? (counter = i + 7, 1) : 0;
}

int main(void)
{
    char here[32], there[32];
    long sum = 0, check = 0;
    first.next = &second;
    first.colour = RED;
    first.weight = 40;
    text_copy(first.name, "A PROGRAM, SOME STRING IN IT");
    text_copy(here, "A PROGRAM, 1'ST STRING IN IT");
    for (int round = 0; round < ROUNDS; round++) {
        int a = 2, b = 3, c;
        text_copy(there, "A PROGRAM, 2'ND STRING IN IT");
        flag = !ordered(here, there);
        while (a < b) {
            c = 5 * a - b;
            add_into(a, b, &sum);
            a++;
        }
        fill(table, grid, a, c);
        first.colour = (enum colour)(round % 5);
        update(&first);
        for (char ch = 'A'; ch <= 'C'; ch++)
            if (mix(second.colour, ch) == BLUE)
                check++;
        b = b * a;
        a = (int)(b / (sum | 1));
        b = 7 * (b - a) - c;
        check += b + second.total + flag;
    }
    return check == 0;
}
