/* SPDX-License-Identifier: BSD-2-Clause */
#include "vaplic.h"

#include "vfile.h"
#include "vm.h"

/* The pending bit is cleared as the MSI leaves, so a level sends again only when it has been away,
 * as an edge does [aia AdvPLIC-MSIDeliveryMode]; setipnum, which would tell the two apart, is not
 * emulated. */
void vaplic_line(struct vm *vm, bool level)
{
    struct vaplic *aplic = &vm->vaplic;
    bool rises = level && !aplic->rectified;
    aplic->rectified = level;
    if (rises)
        vfile_inject(&vm->vcpus[aplic->vcpu], aplic->eiid, HINT_OF_TRAP);
}
