// Says in words that this processor lacks what the program was compiled for, before it comes to
// an instruction that the processor does not know, and is ended without a word.
//
// That cannot be asked in Rust: in a program that was compiled for a feature, Rust takes the
// feature for there. So build.rs compiles this file for the first processors of the kind, and it
// runs before `main` and before the constructors of all libraries that are linked into the program.
// FEATURES has what the rest was compiled for, in Rust's names: ",avx,avx2,".

#include <cpuid.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

enum { LEAF_1, LEAF_7, LEAF_7_1, EXTENDED, LEAVES };
enum { EAX, EBX, ECX, EDX };

// Where a processor says that it has a feature: Intel's manual, volume 2, CPUID; AMD's, volume 3,
// appendix E. What needs its registers saved by the system has SAVED.
enum { NOT_SAVED, AVX_SAVED, AVX512_SAVED };
static const struct {
    const char *name;
    unsigned char leaf, reg, bit, saved;
} KNOWN[] = {
    {",sse3,", LEAF_1, ECX, 0, NOT_SAVED},
    {",pclmulqdq,", LEAF_1, ECX, 1, NOT_SAVED},
    {",ssse3,", LEAF_1, ECX, 9, NOT_SAVED},
    {",fma,", LEAF_1, ECX, 12, AVX_SAVED},
    {",sse4.1,", LEAF_1, ECX, 19, NOT_SAVED},
    {",sse4.2,", LEAF_1, ECX, 20, NOT_SAVED},
    {",movbe,", LEAF_1, ECX, 22, NOT_SAVED},
    {",popcnt,", LEAF_1, ECX, 23, NOT_SAVED},
    {",aes,", LEAF_1, ECX, 25, NOT_SAVED},
    {",avx,", LEAF_1, ECX, 28, AVX_SAVED},
    {",f16c,", LEAF_1, ECX, 29, AVX_SAVED},
    {",bmi1,", LEAF_7, EBX, 3, NOT_SAVED},
    {",avx2,", LEAF_7, EBX, 5, AVX_SAVED},
    {",bmi2,", LEAF_7, EBX, 8, NOT_SAVED},
    {",avx512f,", LEAF_7, EBX, 16, AVX512_SAVED},
    {",avx512dq,", LEAF_7, EBX, 17, AVX512_SAVED},
    {",adx,", LEAF_7, EBX, 19, NOT_SAVED},
    {",avx512ifma,", LEAF_7, EBX, 21, AVX512_SAVED},
    {",avx512cd,", LEAF_7, EBX, 28, AVX512_SAVED},
    {",sha,", LEAF_7, EBX, 29, NOT_SAVED},
    {",avx512bw,", LEAF_7, EBX, 30, AVX512_SAVED},
    {",avx512vl,", LEAF_7, EBX, 31, AVX512_SAVED},
    {",avx512vbmi,", LEAF_7, ECX, 1, AVX512_SAVED},
    {",avx512vbmi2,", LEAF_7, ECX, 6, AVX512_SAVED},
    {",gfni,", LEAF_7, ECX, 8, NOT_SAVED},
    {",vaes,", LEAF_7, ECX, 9, AVX_SAVED},
    {",vpclmulqdq,", LEAF_7, ECX, 10, AVX_SAVED},
    {",avx512vnni,", LEAF_7, ECX, 11, AVX512_SAVED},
    {",avxvnni,", LEAF_7_1, EAX, 4, AVX_SAVED},
    {",avx512bf16,", LEAF_7_1, EAX, 5, AVX512_SAVED},
    {",lzcnt,", EXTENDED, ECX, 5, NOT_SAVED},
    {",sse4a,", EXTENDED, ECX, 6, NOT_SAVED},
    {",tbm,", EXTENDED, ECX, 21, NOT_SAVED},
};

// What of a processor's registers the system saves when it changes to another program.
static unsigned saved(unsigned leaf_1_ecx) {
    const unsigned osxsave = 1u << 27, avx = 0x6, avx512 = 0xe6;
    if (!(leaf_1_ecx & osxsave)) return NOT_SAVED;
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    if ((low & avx512) == avx512) return AVX512_SAVED;
    return (low & avx) == avx ? AVX_SAVED : NOT_SAVED;
}

static void say(const char *text, size_t length) {
    if (write(STDERR_FILENO, text, length) < 0) return;
}

#define SAY(text) say(text, sizeof(text) - 1)

// Nothing but the C library was set up yet.
__attribute__((constructor(101))) static void check_processor(void) {
    unsigned has[LEAVES][4] = {{0}};
    __get_cpuid(1, &has[LEAF_1][EAX], &has[LEAF_1][EBX], &has[LEAF_1][ECX], &has[LEAF_1][EDX]);
    __get_cpuid_count(7, 0, &has[LEAF_7][EAX], &has[LEAF_7][EBX], &has[LEAF_7][ECX], &has[LEAF_7][EDX]);
    // How many leaves of that number there are stands in the first.
    if (has[LEAF_7][EAX] >= 1) {
        unsigned *leaf = has[LEAF_7_1];
        __get_cpuid_count(7, 1, &leaf[EAX], &leaf[EBX], &leaf[ECX], &leaf[EDX]);
    }
    unsigned *extended = has[EXTENDED];
    __get_cpuid(0x80000001, &extended[EAX], &extended[EBX], &extended[ECX], &extended[EDX]);

    const unsigned saves = saved(has[LEAF_1][ECX]);
    int lacking = 0;
    for (size_t i = 0; i < sizeof(KNOWN) / sizeof(KNOWN[0]); i++) {
        const char *name = KNOWN[i].name;
        if (!strstr(FEATURES, name)) continue;
        if (has[KNOWN[i].leaf][KNOWN[i].reg] >> KNOWN[i].bit & 1 && KNOWN[i].saved <= saves) continue;
        if (lacking++) SAY(", ");
        else SAY("error: this quipu was built for a newer processor: this one lacks ");
        say(name + 1, strlen(name) - 2);
    }
    if (!lacking) return;
    SAY("\nhint: build it on this machine, from source: make bin\n");
    _exit(2);
}
