/* SPDX-License-Identifier: BSD-2-Clause */
/* A folder in /tmp for what is tested to write files into. */
#ifndef SUPPORT_FOLDER_H
#define SUPPORT_FOLDER_H

#include <stddef.h>

/* A new one; its path is given back by folder_remove(), which removes the files in it as well. */
char *folder_new(void);
void folder_remove(char *folder);
/* What is in a file of the folder, to be freed; fails the program if there is nothing. */
char *folder_read(const char *folder, const char *name);
void folder_write(const char *folder, const char *name, const char *text);
/* How often the part occurs in a text. */
size_t text_count(const char *text, const char *part);

#endif
