# Read by CMake at the head of llama.cpp's own files, where .cargo/config.toml sends it.
#
# llama.cpp's common library (chat formats, options of its programs, an HTTP client and server)
# is a third of what is compiled of it. Nothing here links it, but `llama-cpp-2` asks for it by depending on
# the default features of `llama-cpp-sys-2`. That crate links the library only where it was
# built, and its own wrapper of it is an archive from which nothing is taken.
set(LLAMA_BUILD_COMMON OFF CACHE BOOL "" FORCE)
