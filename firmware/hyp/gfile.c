/* SPDX-License-Identifier: BSD-2-Clause */
#include "gfile.h"

#include "csr.h"
#include "hart.h"
#include "hint.h"
#include "hyp.h"
#include "imsic.h"
#include "vcpu.h"
#include "vm.h"

uint32_t gfile_alloc(struct hart *hart, struct vcpu *vcpu)
{
    uint32_t guest = 0;
    spin_lock(&hart->lock);
    for (uint32_t g = 1; !guest && g <= hart->files; g++)
        if (!hart->file_owner[g])
            guest = g;
    if (guest)
        hart->file_owner[guest] = vcpu;
    spin_unlock(&hart->lock);
    if (guest)
        hint_file_owner(hart->index, guest, vcpu->vm->id, vcpu->id);
    return guest;
}

void gfile_free(struct hart *hart, uint32_t guest)
{
    hint_file_owner(hart->index, guest, HINT_NOBODY, 0);
    spin_lock(&hart->lock);
    hart->file_owner[guest] = 0;
    spin_unlock(&hart->lock);
}

static void clear_here(void *arg)
{
    struct guest_window window = guest_file_open((uint32_t)(uint64_t)arg);
    guest_file_write(IMSIC_EIDELIVERY, 0);
    guest_file_write(IMSIC_EITHRESHOLD, 0);
    for (uint32_t id = 0; id <= board.imsic_s.ids; id += 64) {
        guest_file_write(imsic_word_register(IMSIC_EIE0, id), 0);
        guest_file_write(imsic_word_register(IMSIC_EIP0, id), 0);
    }
    guest_file_close(window);
}

void gfile_clear(struct hart *hart, uint32_t guest)
{
    hart_call(hart, clear_here, (void *)(uint64_t)guest);
}

uint64_t gfile_page(const struct hart *hart, uint32_t guest)
{
    return hart->page + ((uint64_t)guest << 12);
}
