# Read by CMake at the head of llama.cpp's own files, where .cargo/config.toml sends it.
#
# llama.cpp's common library (chat formats, options of its programs, an HTTP client and server)
# is a third of what is compiled of it. Nothing here links it, but `llama-cpp-2` asks for it by depending on
# the default features of `llama-cpp-sys-2`. That crate links the library only where it was
# built, and its own wrapper of it is an archive from which nothing is taken.
set(LLAMA_BUILD_COMMON OFF CACHE BOOL "" FORCE)

# Where it is compiled for other machines, llama.cpp takes these features for there unless it is told
# otherwise. Its build script names those that the rest of the program is compiled for.
foreach(feature SSE42 AVX AVX2 BMI2 FMA F16C)
    if(NOT DEFINED GGML_${feature})
        set(GGML_${feature} OFF CACHE BOOL "")
    endif()
endforeach()

# AMX takes many rows in other steps than one, so that an answer would depend on who shares the machine;
# and there are virtual machines whose processor says that it has AMX and which stop a program that uses it.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64" AND CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang")
    include(CheckCXXCompilerFlag)
    foreach(part tile int8 bf16)
        check_cxx_compiler_flag(-mno-amx-${part} QUIPU_LEAVES_AMX_${part})
        if(QUIPU_LEAVES_AMX_${part})
            add_compile_options(-mno-amx-${part})
        endif()
    endforeach()
endif()

# Films would be read by a program that happens to be there.
set(MTMD_VIDEO OFF CACHE BOOL "" FORCE)

# What runs once a model or never (reading a file, naming its tensors, training, devices side by
# side, kinds of caches that few models have) is optimised little: it is the slowest C++ to
# compile. Nothing of it computes with numbers of a model.
function(quipu_optimise_little)
    set(base gguf.cpp ggml-opt.cpp ggml-backend-meta.cpp)
    set(llama llama-adapter.cpp llama-arch.cpp llama-chat.cpp llama-grammar.cpp llama-kv-cache-dsa.cpp
        llama-kv-cache-dsa-iswa.cpp llama-kv-cache-dsv4.cpp llama-kv-cache-msa.cpp llama-memory-hybrid.cpp
        llama-memory-hybrid-idx.cpp llama-memory-hybrid-iswa.cpp llama-mmap.cpp llama-model-loader.cpp
        llama-model-saver.cpp llama-quant.cpp)
    list(TRANSFORM base PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/ggml/src/")
    list(TRANSFORM llama PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/src/")
    set_source_files_properties(${base} TARGET_DIRECTORY ggml-base PROPERTIES COMPILE_OPTIONS -O1)
    set_source_files_properties(${llama} TARGET_DIRECTORY llama PROPERTIES COMPILE_OPTIONS -O1)
    # Of the library for pictures: what describes networks, what reads files and sound. None of it
    # is called, or it runs once a picture.
    if(TARGET mtmd)
        file(GLOB mtmd "${CMAKE_CURRENT_SOURCE_DIR}/tools/mtmd/models/*.cpp")
        list(APPEND mtmd "${CMAKE_CURRENT_SOURCE_DIR}/tools/mtmd/mtmd-audio.cpp"
            "${CMAKE_CURRENT_SOURCE_DIR}/tools/mtmd/mtmd-helper.cpp"
            "${CMAKE_CURRENT_SOURCE_DIR}/tools/mtmd/mtmd-helper-gen.cpp")
        set_source_files_properties(${mtmd} TARGET_DIRECTORY mtmd PROPERTIES COMPILE_OPTIONS -O1)
    endif()
endfunction()

# ggml is a project of its own, in which this file is read once more. An older CMake optimises all.
if(PROJECT_NAME STREQUAL "llama.cpp" AND CMAKE_VERSION VERSION_GREATER_EQUAL 3.19
        AND CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang")
    cmake_language(DEFER CALL quipu_optimise_little)
endif()
