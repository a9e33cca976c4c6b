# SPDX-License-Identifier: BSD-2-Clause
# viaduct_embed(TARGET SYMBOL [NAME FILE]...): puts files into a target as the table `SYMBOL` of
# struct embedded_file.  A file may be built by another target: add the dependency there.
function(viaduct_embed target symbol)
  set(listing ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.S)
  set(data "")
  set(table "")
  set(inputs "")
  set(index 0)
  set(pairs ${ARGN})
  while(pairs)
    list(POP_FRONT pairs name file)
    string(APPEND data "name${index}: .asciz \"${name}\"\nfile${index}: .incbin \"${file}\"\nend${index}: .byte 0\n")
    string(APPEND table ".quad name${index}, file${index}, end${index}\n")
    list(APPEND inputs ${file})
    math(EXPR index "${index} + 1")
  endwhile()
  file(CONFIGURE OUTPUT ${listing} @ONLY CONTENT
       ".section .rodata\n${data}.section .data.rel.ro,\"aw\"\n.balign 8\n.globl ${symbol}\n${symbol}:\n${table}.quad 0, 0, 0\n.section .note.GNU-stack,\"\",%progbits\n")
  set_source_files_properties(${listing} PROPERTIES OBJECT_DEPENDS "${inputs}")
  target_sources(${target} PRIVATE ${listing})
endfunction()
