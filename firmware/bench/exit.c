/* SPDX-License-Identifier: BSD-2-Clause */
/* The shortest program: what a machine costs that does nothing. */
int main(void);

int main(void)
{
    return 0;
}
