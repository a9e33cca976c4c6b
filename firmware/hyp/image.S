/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest, as it lies in its memory at start. */
    .section .rodata
    .balign 8
    .global guest_image
guest_image:
    .incbin "guest.bin"
    .global guest_image_end
guest_image_end:
    .balign 8
