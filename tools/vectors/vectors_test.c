/* SPDX-License-Identifier: BSD-2-Clause */
/* The project's own vectors hold, and the replayer sees it when one does not. */
#include "vectors.h"

#include <lzma.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { MAX_TEXT = 1 << 16 };

static const struct vectors_options everything = {.first = 5, .world = -1};
static char output[1 << 20];

static bool replay(const char *path, const struct vectors_options *options,
                   struct vectors_result *result, struct vd_error *err)
{
    memset(output, 0, sizeof(output));
    FILE *out = fmemopen(output, sizeof(output), "w");
    bool good = vectors_replay(path, options, out, result, err);
    fclose(out);
    return good;
}

static const char *path_of(const char *name)
{
    static char path[512];
    snprintf(path, sizeof(path), "%s/%s", VECTORS_DIR, name);
    return path;
}

static size_t load(const char *name, char *text)
{
    FILE *f = fopen(path_of(name), "r");
    assert_non_null(f);
    size_t size = fread(text, 1, MAX_TEXT - 1, f);
    fclose(f);
    text[size] = '\0';
    return size;
}

static void store(char *path, const void *data, size_t size)
{
    strcpy(path, "/tmp/vectors_test.XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, size), (ssize_t)size);
    close(fd);
}

/* What a text gives: failed records, or -1 if it is no vector file. */
static int failures(const char *text, struct vd_error *err)
{
    char path[64];
    struct vectors_result result;
    store(path, text, strlen(text));
    bool good = replay(path, &everything, &result, err);
    unlink(path);
    return good ? (int)result.failed : -1;
}

static void own_files(void **state)
{
    static const struct {
        const char *name;
        unsigned records;
    } files[] = {{"translation.txt", 53}, {"wires.txt", 11}, {"byte_order.txt", 5}};
    (void)state;
    for (unsigned i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct vectors_result result;
        struct vd_error err;
        assert_true(replay(path_of(files[i].name), &everything, &result, &err));
        if (result.failed)
            fail_msg("%s", output);
        assert_int_equal(result.passed, files[i].records);
        assert_int_equal(result.excepted, 0);
    }
}

/* Software's actions, and what has no observable effect, are no answers. */
static bool judged(const char *line)
{
    return strncmp(line, "  ", 2) == 0 && strncmp(line, "  SYNC", 6) != 0 &&
           strncmp(line, "  CQRESTART", 11) != 0 && strncmp(line, "  PQDRAIN", 9) != 0;
}

/* The line with its last value changed where the change counts. */
static void spoil(const char *line, size_t length, char *spoiled)
{
    memcpy(spoiled, line, length);
    spoiled[length] = '\0';
    char *value = spoiled + strcspn(spoiled, "\n");
    while (!strchr(" =,", value[-1]))
        value--;
    if (strstr(spoiled, "RSP"))
        strcpy(value, *value == 'C' ? "UR" : *value == 'U' ? "S" : *value == '0' ? "1" : "0");
    else if (strstr(spoiled, " 32 ") || strstr(spoiled, "FLT"))
        strcpy(value, "7000");
    else
        strcpy(value, "77776");
}

/* An answer that is wrong is seen, and so is one that is missing. */
static void every_answer_counts(void **state)
{
    static char text[MAX_TEXT], altered[MAX_TEXT + 512];
    (void)state;
    load("translation.txt", text);
    for (char *line = text; *line; line = strchr(line, '\n') + 1) {
        size_t length = strcspn(line, "\n"), before = (size_t)(line - text);
        struct vd_error err;
        char spoiled[512];
        if (!judged(line))
            continue;
        spoil(line, length, spoiled);
        snprintf(altered, sizeof(altered), "%.*s%s%s", (int)before, text, spoiled, line + length);
        if (failures(altered, &err) < 1)
            fail_msg("not seen: '%s' instead of '%.*s'", spoiled, (int)length, line);
        snprintf(altered, sizeof(altered), "%.*s%s", (int)before, text, line + length + 1);
        if (failures(altered, &err) < 1)
            fail_msg("not missed: '%.*s'", (int)length, line);
    }
}

/* One difference does not make those behind it: here a fault record more than was recorded, and a
 * store to memory that the model does not make. */
static void differences_stay_alone(void **state)
{
    static char text[MAX_TEXT], altered[MAX_TEXT + 512];
    struct vd_error err;
    (void)state;
    load("translation.txt", text);
    char *at = strstr(text, "# both stages Bare");
    assert_non_null(at);
    snprintf(altered, sizeof(altered),
             "%.*sREQ 99 did=4 pv=0 pid=0 priv=0 x=0 nw=1 cxl=0 at=U rw=R iova=1000\n"
             "  MW 80001100 8 1\n  RSP st=S ppn=1 s=0 pbmt=0 msi=0\n"
             "REQ 99 did=4 pv=0 pid=0 priv=0 x=0 nw=1 cxl=0 at=U rw=R iova=1000\n"
             "  RSP st=S ppn=1 s=0 pbmt=0 msi=0\n"
             "REQ 99 did=1 pv=0 pid=0 priv=0 x=0 nw=1 cxl=0 at=U rw=R iova=1000\n"
             "  MW 80001100 8 0\n  RSP st=S ppn=1 s=0 pbmt=0 msi=0\n%s",
             (int)(at - text), text, at);
    assert_int_equal(failures(altered, &err), 2);
}

static void packed_files(void **state)
{
    static char text[MAX_TEXT];
    static uint8_t packed[MAX_TEXT];
    char path[64];
    size_t size = load("wires.txt", text), used = 0;
    struct vectors_result result;
    struct vd_error err;
    (void)state;
    assert_int_equal(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32, NULL, (uint8_t *)text, size,
                                             packed, &used, sizeof(packed)),
                     LZMA_OK);
    store(path, packed, used);
    assert_true(replay(path, &everything, &result, &err));
    assert_int_equal(result.passed, 11);
    unlink(path);
    store(path, packed, used / 2);
    assert_false(replay(path, &everything, &result, &err));
    assert_non_null(strstr(err.text, "not a complete xz file"));
    unlink(path);
}

static void options(void **state)
{
    static char text[MAX_TEXT], two[2 * MAX_TEXT];
    struct vectors_options only = everything;
    struct vectors_result result;
    struct vd_error err;
    char path[64];
    (void)state;
    load("wires.txt", text);
    int length = snprintf(two, sizeof(two), "%s%s", text, text);
    char *second = strstr(two + strlen(text), "WORLD 0");
    second[6] = '1';
    char *wrong = strstr(second, "cause=268");
    wrong[8] = '9';
    store(path, two, (size_t)length);
    only.world = 0;
    assert_true(replay(path, &only, &result, &err));
    assert_int_equal(result.passed, 11);
    assert_int_equal(result.failed, 0);
    only.world = -1;
    only.class = "cause 269";
    assert_true(replay(path, &only, &result, &err));
    assert_int_equal(result.failed, 1);
    assert_non_null(strstr(output, "world 1"));
    assert_non_null(strstr(output, "1 REQ: FLT cause 269 expected, 268 got"));
    only.class = "cause 270";
    assert_true(replay(path, &only, &result, &err));
    assert_null(strstr(output, "world 1"));
    unlink(path);
}

static void mistakes(void **state)
{
    static const struct {
        const char *text, *sentence;
    } cases[] = {
        {"NONSENSE 1\n", "'NONSENSE' begins no line"},
        {"REQ 0 did=zz\n", "'zz' is no value for did"},
        {"REQ 0 dud=1\n", "no field for 'dud=1'"},
        {"MSI 1 2\n", "must be indented"},
        {"MEM 0 0\n  MEM 0 0\n", "cannot be an answer"},
        {"CMD 1 0\n", "CMD before any WORLD"},
        {"WORLD 0 0 0 30 0 9 0\n", "max_mode"},
        {"WORLD 0 0 0 3800000010 2 2 0\n", "fctl takes 0 instead of 2"},
    };
    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct vd_error err;
        assert_int_equal(failures(cases[i].text, &err), -1);
        if (!strstr(err.text, cases[i].sentence))
            fail_msg("'%s' does not say '%s'", err.text, cases[i].sentence);
    }
    struct vectors_result result;
    struct vd_error err;
    assert_false(replay("/nowhere/at/all", &everything, &result, &err));
    assert_non_null(strstr(err.text, "No such file"));
}

/* Every exception is explained in the documentation. */
static void exceptions_are_documented(void **state)
{
    static char text[MAX_TEXT], name[256];
    (void)state;
    load("../../docs/iommu-choices.md", text);
    memset(output, 0, sizeof(output));
    FILE *out = fmemopen(output, sizeof(output), "w");
    vectors_list(out);
    fclose(out);
    for (char *line = output; *line; line = strchr(line, '\n') + 1) {
        snprintf(name, sizeof(name), "`%.*s`", (int)strcspn(line, " "), line);
        if (!strstr(text, name))
            fail_msg("docs/iommu-choices.md does not explain %s", name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_files),
        cmocka_unit_test(every_answer_counts),
        cmocka_unit_test(packed_files),
        cmocka_unit_test(differences_stay_alone),
        cmocka_unit_test(options),
        cmocka_unit_test(mistakes),
        cmocka_unit_test(exceptions_are_documented),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
