# SPDX-License-Identifier: BSD-2-Clause
# The few build rules that every folder shares.

set(VIADUCT_WARNINGS -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes)
if(VIADUCT_WERROR)
  list(APPEND VIADUCT_WARNINGS -Werror)
endif()

if(VIADUCT_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()

set(VIADUCT_CHECK_STANDALONE ${CMAKE_CURRENT_LIST_DIR}/check_standalone)

# viaduct_model(NAME SOURCES... [ON models...]): a static library that sees the contract and nothing else but the models it
# is built on (a PCIe function on pcie), with a test that holds it to it.
function(viaduct_model name)
  cmake_parse_arguments(M "" "" "ON" ${ARGN})
  add_library(${name} STATIC ${M_UNPARSED_ARGUMENTS})
  target_compile_options(${name} PRIVATE ${VIADUCT_WARNINGS} -Wconversion)
  target_link_libraries(${name} PUBLIC viaduct_contract ${M_ON})
  target_include_directories(${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/..)
  if(CMAKE_CURRENT_SOURCE_DIR MATCHES /models/) # tools are built alike, but may use what they want
    list(TRANSFORM M_ON REPLACE "(.+)" "$<TARGET_FILE:\\1>" OUTPUT_VARIABLE under)
    add_test(NAME ${name}_stands_alone COMMAND ${VIADUCT_CHECK_STANDALONE} $<TARGET_FILE:${name}> ${under})
    set_tests_properties(${name}_stands_alone PROPERTIES SKIP_RETURN_CODE 77)
  endif()
endfunction()

# viaduct_test(NAME SOURCES... [LIBS libraries...]): a cmocka program run by CTest.
function(viaduct_test name)
  cmake_parse_arguments(T "" "" "LIBS" ${ARGN})
  add_executable(${name} ${T_UNPARSED_ARGUMENTS})
  target_compile_options(${name} PRIVATE ${VIADUCT_WARNINGS})
  target_link_libraries(${name} PRIVATE ${T_LIBS} cmocka)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 300)
endfunction()

# The fuzzer is guided by coverage of everything, not of its own file alone; but not by the operands of comparisons, which took
# two thirds of its time: inputs are operations, not texts with magic words.
if(VIADUCT_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link -fno-sanitize-coverage=trace-cmp)
endif()

# viaduct_fuzzer(NAME SOURCES... LIBS ...): a libFuzzer target with VIADUCT_FUZZ and clang; otherwise a test that replays the
# corpus kept for it, if there is one.
function(viaduct_fuzzer name)
  cmake_parse_arguments(T "" "" "LIBS" ${ARGN})
  if(VIADUCT_FUZZ)
    add_executable(${name} ${T_UNPARSED_ARGUMENTS})
    target_compile_options(${name} PRIVATE ${VIADUCT_WARNINGS})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    target_link_libraries(${name} PRIVATE ${T_LIBS})
    return()
  endif()
  set(corpus ${CMAKE_SOURCE_DIR}/tests/corpus/${name})
  if(NOT EXISTS ${corpus})
    return()
  endif()
  add_executable(${name}_replay ${T_UNPARSED_ARGUMENTS} ${CMAKE_SOURCE_DIR}/tests/support/replay.c)
  target_compile_options(${name}_replay PRIVATE ${VIADUCT_WARNINGS})
  target_link_libraries(${name}_replay PRIVATE ${T_LIBS})
  add_test(NAME ${name}_corpus COMMAND ${name}_replay ${corpus})
endfunction()
