/*
 * A PKCS#11 module that hands every call to another one (FAULTY_MODULE) and fails where it is told to: the word in the file
 * FAULTY_CONTROL says what the next signature does, once.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef unsigned long ulong_t;
typedef struct {
  unsigned char major, minor;
  void *functions[68];
} list_t;
typedef ulong_t (*sign_t)(ulong_t, void *, ulong_t, unsigned char *, ulong_t *);

enum { SIGN = 43 };

static list_t *real;
static list_t mine;

static void read_word(char *word, size_t size) {
  const char *path = getenv("FAULTY_CONTROL");
  FILE *file = path ? fopen(path, "r") : NULL;
  word[0] = 0;
  if (!file) return;
  if (!fgets(word, (int)size, file)) word[0] = 0;
  fclose(file);
  remove(path);
}

static ulong_t sign(ulong_t session, void *data, ulong_t length, unsigned char *signature, ulong_t *written) {
  char word[32];
  ulong_t returned;
  read_word(word, sizeof word);
  if (!strcmp(word, "general")) return 0x05;
  if (!strcmp(word, "removed")) return 0x32;
  if (!strcmp(word, "closed")) return 0xb3;
  if (!strcmp(word, "refused")) return 0x68;
  if (!strcmp(word, "abort")) abort();
  if (!strcmp(word, "sleep")) sleep(60);
  returned = ((sign_t)real->functions[SIGN])(session, data, length, signature, written);
  if (!strcmp(word, "garbage")) signature[5] ^= 1;
  return returned;
}

ulong_t C_GetFunctionList(list_t **list) {
  if (!real) {
    void *library = dlopen(getenv("FAULTY_MODULE"), RTLD_NOW);
    ulong_t (*get)(list_t **) = library ? (ulong_t(*)(list_t **))dlsym(library, "C_GetFunctionList") : NULL;
    if (!get || get(&real) != 0) return 0x05;
    mine = *real;
    mine.functions[SIGN] = (void *)sign;
  }
  *list = &mine;
  return 0;
}
