/* The functions of the tool. Their names, types and descriptions are in wit/world.wit;
 * my_tool.h is made from it when the tool is built. */
#include "my_tool.h"

#include <ctype.h>
#include <stddef.h>

bool exports_my_tool_count(my_tool_string_t *text, my_tool_counts_t *counts,
                           my_tool_string_t *error) {
    if (text->len == 0) {
        /* An error is read by the model that called: say what to do. */
        my_tool_string_dup(error, "the text is empty; give one to count");
        return false;
    }
    bool in_word = false;
    counts->words = counts->characters = 0;
    for (size_t i = 0; i < text->len; i++) {
        unsigned char byte = text->ptr[i];
        /* Every byte of UTF-8 begins a character, except 10xxxxxx. */
        counts->characters += (byte & 0xc0) != 0x80;
        bool space = isspace(byte);
        counts->words += in_word < !space;
        in_word = !space;
    }
    my_tool_string_free(text);
    return true;
}
