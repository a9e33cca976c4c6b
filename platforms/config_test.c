/* SPDX-License-Identifier: BSD-2-Clause */
/* The configuration's language: every way to be wrong has its sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "platforms/config.h"

struct engine {
    uint32_t rate;
    uint64_t size;
    bool armed;
    uint64_t flags;
    uint32_t colour;
    char label[16];
};

struct world {
    struct engine engine;
    struct engine spare;
};

static const char *const colours[] = {"red", "green", NULL};

static const struct vd_param engine_table[] = {
    {"rate", VD_PARAM_U32, offsetof(struct engine, rate), 7, 1, 100, NULL, "cycles", "the rate"},
    {"size", VD_PARAM_U64, offsetof(struct engine, size), 4096, 0, UINT64_C(1) << 40, NULL, "bytes",
     "the size"},
    {"armed", VD_PARAM_BOOL, offsetof(struct engine, armed), 1, 0, 1, NULL, "", "is it armed"},
    {"fast", VD_PARAM_FLAG, offsetof(struct engine, flags), 1, 3, 0, NULL, "", "bit 3"},
    {"gear", VD_PARAM_BITS, offsetof(struct engine, flags), 2, 8, 10, NULL, "", "bits 10:8"},
    {"colour", VD_PARAM_CHOICE, offsetof(struct engine, colour), 1, 0, 0, colours, "",
     "its colour"},
};

static const struct vd_param label_table[] = {
    {"label", VD_PARAM_STRING, offsetof(struct engine, label), 0, 0, 16, NULL, "", "a name"},
};

static const struct vd_param *engine_params(uint32_t *count)
{
    *count = sizeof(engine_table) / sizeof(engine_table[0]);
    return engine_table;
}

static const struct vd_param *label_params(uint32_t *count)
{
    *count = sizeof(label_table) / sizeof(label_table[0]);
    return label_table;
}

static const struct config_table tables[] = {
    {"engine", "the engine", offsetof(struct world, engine), engine_params},
    {"spare", "the other engine", offsetof(struct world, spare), engine_params},
    {"engine", "the engine", offsetof(struct world, engine), label_params},
};

static struct config config_of(struct world *world)
{
    memset(world, 0, sizeof(*world));
    struct config config = {tables, sizeof(tables) / sizeof(tables[0]), world};
    config_defaults(&config);
    return config;
}

static bool read_text(struct world *world, const char *text, struct vd_error *err)
{
    struct config config = config_of(world);
    return config_read_yaml(&config, "f.yaml", text, strlen(text), err);
}

static void defaults_are_the_fallbacks(void **state)
{
    (void)state;
    struct world world;
    config_of(&world);
    assert_int_equal(world.engine.rate, 7);
    assert_int_equal(world.spare.size, 4096);
    assert_true(world.engine.armed);
    assert_int_equal(world.engine.flags, 0x208);
    assert_int_equal(world.spare.colour, 1);
    assert_string_equal(world.engine.label, "");
}

static void values_of_every_type_are_read(void **state)
{
    (void)state;
    struct world world;
    struct vd_error err = {""};
    assert_true(
        read_text(&world,
                  "engine:\n  rate: 100\n  size: 0x20K\n  armed: off\n  fast: false\n  gear: 7\n"
                  "  colour: red\n  label: \"a: b\"\nspare:\n",
                  &err));
    assert_int_equal(world.engine.rate, 100);
    assert_int_equal(world.engine.size, 32 * 1024);
    assert_false(world.engine.armed);
    assert_int_equal(world.engine.flags, 0x700);
    assert_int_equal(world.engine.colour, 0);
    assert_string_equal(world.engine.label, "a: b");
    assert_int_equal(world.spare.rate, 7);
    assert_true(read_text(&world, "", &err));
    assert_true(read_text(&world, "# nothing\n", &err));
}

static void wrong_files_get_their_sentence(void **state)
{
    (void)state;
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"engine:\n  rote: 3\n", "f.yaml:2:3: unknown key 'engine.rote', did you mean 'rate'?"},
        {"engine:\n  zzzzzz: 3\n", "f.yaml:2:3: unknown key 'engine.zzzzzz'; accepted are rate, "
                                   "size, armed, fast, gear, colour, "
                                   "label"},
        {"engin:\n  rate: 3\n", "f.yaml:1:1: unknown section 'engin', did you mean 'engine'?"},
        {"q:\n  rate: 3\n", "f.yaml:1:1: unknown section 'q'; accepted are engine, spare"},
        {"engine:\n  rate: 0\n",
         "f.yaml:2:9: engine.rate does not take '0': accepted is 1..100 cycles"},
        {"engine:\n  rate: 101\n",
         "f.yaml:2:9: engine.rate does not take '101': accepted is 1..100 cycles"},
        {"engine:\n  rate: -1\n",
         "f.yaml:2:9: engine.rate does not take '-1': accepted is 1..100 cycles"},
        {"engine:\n  rate: 5x\n",
         "f.yaml:2:9: engine.rate does not take '5x': accepted is 1..100 cycles"},
        {"engine:\n  rate:\n",
         "f.yaml:2:8: engine.rate does not take '': accepted is 1..100 cycles"},
        {"engine:\n  size: 2T\n",
         "f.yaml:2:9: engine.size does not take '2T': accepted is 0..1T bytes"},
        {"engine:\n  size: 99999999999999999999\n",
         "f.yaml:2:9: engine.size does not take '99999999999999999999': accepted is 0..1T bytes"},
        {"engine:\n  armed: maybe\n",
         "f.yaml:2:10: engine.armed does not take 'maybe': accepted is true or false"},
        {"engine:\n  fast: 2\n",
         "f.yaml:2:9: engine.fast does not take '2': accepted is true or false"},
        {"engine:\n  gear: 8\n", "f.yaml:2:9: engine.gear does not take '8': accepted is 0..7"},
        {"engine:\n  colour: blue\n",
         "f.yaml:2:11: engine.colour does not take 'blue': accepted is red, green"},
        {"engine:\n  label: 0123456789abcdef\n",
         "f.yaml:2:10: engine.label is 16 characters long: at most 15 are accepted"},
        {"engine:\n  rate: 3\n  rate: 4\n", "f.yaml:3:3: 'engine.rate' is given twice"},
        {"engine: 3\n", "f.yaml:1:9: a section holds `key: value` lines"},
        {"engine:\n  rate: [1, 2]\n", "f.yaml:2:9: a list is not accepted here"},
        {"- engine\n", "f.yaml:1:1: a list is not accepted here"},
        {"engine:\n  rate:\n    x: 1\n",
         "f.yaml:2:3: this key takes a single value, not a mapping"},
        {"word\n", "f.yaml:1:1: a configuration is a mapping of sections"},
        {"engine:\n  rate: *a\n", "f.yaml:2:9: aliases are not accepted"},
        {"engine:\n  label: \"a\\0b\"\n", "f.yaml:2:10: a NUL character is not accepted"},
        {"engine: {\n", "f.yaml:2:1: did not find expected node content"},
        {"engine:\n\trate: 3\n", "f.yaml:2:1: found character that cannot start any token"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world world;
        struct vd_error err = {""};
        assert_false(read_text(&world, cases[i].text, &err));
        assert_string_equal(err.text, cases[i].error);
    }
}

static void wrong_keys_get_their_sentence(void **state)
{
    (void)state;
    static const struct {
        const char *key, *value, *error;
    } cases[] = {
        {"rate", "1", "'rate' is not a key: write section.key, for example machine.harts"},
        {".rate", "1", "'.rate' is not a key: write section.key, for example machine.harts"},
        {"engine.", "1",
         "unknown key 'engine.'; accepted are rate, size, armed, fast, gear, colour, label"},
        {"spare.label", "x",
         "unknown key 'spare.label'; accepted are rate, size, armed, fast, gear, "
         "colour"},
        {"spare.rat", "1", "unknown key 'spare.rat', did you mean 'rate'?"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world world;
        struct config config = config_of(&world);
        struct vd_error err = {""};
        assert_false(config_set(&config, cases[i].key, cases[i].value, &err));
        assert_string_equal(err.text, cases[i].error);
    }
}

static void what_is_printed_reads_back(void **state)
{
    (void)state;
    struct world world, again;
    struct config config = config_of(&world);
    assert_true(config_set(&config, "engine.label", "x # \"y\"\\", NULL));
    assert_true(config_set(&config, "engine.size", "3M", NULL));
    assert_true(config_set(&config, "spare.colour", "red", NULL));
    assert_true(config_set(&config, "spare.fast", "no", NULL));
    assert_true(config_set(&config, "spare.gear", "5", NULL));
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    config_print(&config, out);
    fclose(out);
    assert_non_null(strstr(text, "  size: 3M  # bytes: the size\n"));
    struct vd_error err = {""};
    assert_true(read_text(&again, text, &err));
    assert_memory_equal(&world, &again, sizeof(world));
    free(text);
}

static void numbers_overflow_into_errors(void **state)
{
    (void)state;
    uint64_t value;
    assert_true(config_parse_number("16777215T", &value));
    assert_int_equal(value, UINT64_C(16777215) << 40);
    assert_true(config_parse_number("0xffffffffffffffff", &value));
    assert_true(config_parse_number("4GiB", &value));
    assert_false(config_parse_number("16777216T", &value));
    assert_false(config_parse_number("0x1ffffffffffffffff", &value));
    assert_false(config_parse_number("0x", &value));
    assert_false(config_parse_number("", &value));
    assert_false(config_parse_number(" 1", &value));
    assert_false(config_parse_number("1 ", &value));
    assert_false(config_parse_number("1Kx", &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_the_fallbacks),
        cmocka_unit_test(values_of_every_type_are_read),
        cmocka_unit_test(wrong_files_get_their_sentence),
        cmocka_unit_test(wrong_keys_get_their_sentence),
        cmocka_unit_test(what_is_printed_reads_back),
        cmocka_unit_test(numbers_overflow_into_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
