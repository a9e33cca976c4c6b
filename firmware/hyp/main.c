/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>

#include "csr.h"
#include "endpoint.h"
#include "experiment.h"
#include "finisher.h"
#include "hart.h"
#include "hyp.h"
#include "options.h"
#include "pages.h"
#include "print.h"
#include "sbi.h"
#include "trap.h"
#include "uart.h"

struct board board;
struct pcie_function endpoints[HYP_ENDPOINTS];
uint32_t num_endpoints;

static volatile uint64_t harts_ready;

extern char __image_end[];

void console_write(const char *text, size_t length)
{
    if (board.uart)
        uart_write(board.uart, text, length);
    else
        sbi_console_write(text, length);
}

_Noreturn static void machine_exit(enum hyp_status status)
{
    if (board.finisher)
        finisher_exit(board.finisher, status);
    sbi_shutdown(status == HYP_PASS ? SBI_SRST_NO_REASON : SBI_SRST_FAILURE);
}

void panic_exit(void)
{
    hyp_exit(HYP_BROKEN, "the hypervisor is broken");
}

void hyp_exit(enum hyp_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print(status == HYP_PASS ? "hyp: pass" : "hyp: fail: ");
    print_list(format, args);
    print("\n");
    va_end(args);
    machine_exit(status);
}

static void secondary_main(void)
{
    hart_init();
    __atomic_fetch_add(&harts_ready, 1, __ATOMIC_RELEASE);
    for (;;)
        hart_step();
}

static void harts_start(void)
{
    hart_init();
    num_harts = 1;
    for (uint32_t i = 0; i < board.num_harts && num_harts < HYP_HARTS; i++)
        if (board.hartids[i] != cpu_self()->hartid && cpu_start(board.hartids[i], secondary_main))
            num_harts++;
    while (harts_ready < num_harts - 1)
        ;
}

/* What the hypervisor cannot do without. */
static void machine_check(bool tree)
{
    if (!tree)
        hyp_exit(HYP_BROKEN, "a1 does not point to a devicetree");
    if (!board.imsic_s.base)
        hyp_exit(HYP_BROKEN, "the devicetree has no IMSIC for S-mode");
    if (!CSR_EXISTS(CSR_HSTATUS))
        hyp_exit(HYP_BROKEN, "this hart has no H extension");
    if (!CSR_EXISTS(CSR_STOPEI))
        hyp_exit(HYP_BROKEN, "stopei traps: no Ssaia, or mstateen0 withholds it");
}

static void devices_find(void)
{
    struct pcie_windows windows = pcie_windows(&board.pcie);
    iommus_init(board.iommus, board.num_iommus);
    while (num_endpoints < HYP_ENDPOINTS && pcie_find(&board.pcie, ENDPOINT_VENDOR, ENDPOINT_DEVICE,
                                                      num_endpoints, &endpoints[num_endpoints])) {
        struct pcie_function *endpoint = &endpoints[num_endpoints++];
        if (!pcie_assign(endpoint, &windows) || !endpoint_present(endpoint->bar[0]))
            hyp_exit(HYP_BROKEN, "the test endpoint does not answer at its BAR0");
    }
}

static void machine_print(void)
{
    print("viaduct hypervisor: %u harts, %u guest files, %u identities, %u IOMMUs, %u endpoints\n",
          num_harts, hart_self()->files, board.imsic_s.ids, num_iommus, num_endpoints);
}

int main(uint64_t hartid, const void *dtb)
{
    struct options options;
    (void)hartid;
    bool tree = board_read(&board, dtb);
    machine_check(tree);
    options_parse(&options, board.bootargs);
    /* The devicetree may lie anywhere behind the image: the pages end before it. */
    uint64_t end = board.ram + board.ram_size, base = (uint64_t)__image_end;
    if ((uint64_t)dtb > base && (uint64_t)dtb < end)
        end = (uint64_t)dtb;
    pages_init(base, end - base);
    harts_start();
    devices_find();
    machine_print();
    if (!experiments_run(&options))
        hyp_exit(HYP_EXPERIMENT, "this machine can run none of the experiments asked for");
    hyp_exit(HYP_PASS, "%s", "");
}
