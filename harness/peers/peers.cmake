# Other libraries for --peers, of those that are found. Not cross-compiled, but for glibc: the folders that are searched
# hold the build machine's own headers, too.
option(DEPTHMARK_PEERS "Build benchmarks of other libraries for --peers, of those that are installed" ON)
include(CheckCSourceCompiles)
include(CheckLanguage)
include(CheckLibraryExists)
include(CheckSymbolExists)

function(define_peer name)
  string(TOUPPER ${name} NAME)
  set_property(SOURCE peers/kernels.c APPEND PROPERTY COMPILE_DEFINITIONS DEPTHMARK_${NAME})
endfunction()

# A file of functions that are compiled once per vector ISA, with the flags that suit them best.
function(add_peer file include_dir)
  get_filename_component(name ${file} NAME_WE)
  get_property(isas GLOBAL PROPERTY DEPTHMARK_ISAS)
  list(REMOVE_ITEM isas scalar)
  foreach(isa ${isas})
    add_library(peer_${name}_${isa} OBJECT peers/${file})
    target_link_libraries(peer_${name}_${isa} PRIVATE isa_${isa})
    if(include_dir)
      target_include_directories(peer_${name}_${isa} SYSTEM PRIVATE ${include_dir})
    endif()
    target_sources(harness PRIVATE $<TARGET_OBJECTS:peer_${name}_${isa}>)
    set_property(GLOBAL APPEND PROPERTY DEPTHMARK_PEERS_${isa} ${name})
  endforeach()
  set_source_files_properties(peers/${file} PROPERTIES COMPILE_OPTIONS "-ffp-contract=fast;${ARGN}")
  define_peer(${name})
endfunction()

# A library that is loaded when --peers asks for it and dispatches by itself: baseline flags.
function(add_library_peer name)
  add_library(peer_${name} OBJECT peers/${name}.c)
  target_link_libraries(peer_${name} PRIVATE kernels)
  if(ARGN)
    target_include_directories(peer_${name} SYSTEM PRIVATE ${ARGN})
  endif()
  target_sources(harness PRIVATE $<TARGET_OBJECTS:peer_${name}>)
  define_peer(${name})
endfunction()

if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set(aes -maes)
  if(CMAKE_C_COMPILER_ID MATCHES "Clang")
    set(libmvec -fveclib=libmvec)
  else()
    set(libmvec -fno-builtin-sinf -fno-builtin-cosf) # joined to one call of sincosf they are not vectorized
  endif()
endif()

check_symbol_exists(__GLIBC__ features.h HAVE_GLIBC)
if(DEPTHMARK_PEERS AND HAVE_GLIBC)
  add_peer(glibc.c "" -ffast-math ${libmvec}) # only fast-math makes compilers call libmvec
  check_library_exists(m _ZGVdN8v_tanhf "" HAVE_LIBMVEC_TANHF) # x86-64 and glibc 2.35
  if(HAVE_LIBMVEC_TANHF)
    add_peer(libmvec.c "")
  endif()
endif()

if(NOT DEPTHMARK_PEERS OR CMAKE_CROSSCOMPILING)
  return()
endif()

add_library_peer(blas)

find_path(RANDOM123_INCLUDE_DIR Random123/philox.h)
if(RANDOM123_INCLUDE_DIR)
  add_peer(random123.c ${RANDOM123_INCLUDE_DIR} ${aes})
endif()

# Two versions of oneDNN's interface are in use, and of XNNPACK's: written for those of Debian 12.
find_path(ONEDNN_INCLUDE_DIR oneapi/dnnl/dnnl.h)
if(ONEDNN_INCLUDE_DIR)
  set(CMAKE_REQUIRED_INCLUDES ${ONEDNN_INCLUDE_DIR})
  check_c_source_compiles("#include <oneapi/dnnl/dnnl.h>
    int main(void) { return sizeof(&dnnl_eltwise_forward_desc_init) == 0; }" HAVE_ONEDNN_2)
  if(HAVE_ONEDNN_2)
    add_library_peer(onednn ${ONEDNN_INCLUDE_DIR})
    target_sources(peer_onednn PRIVATE peers/onednn_library.c peers/onednn_gemm.c peers/onednn_ip.c)
  else()
    message(STATUS "oneDNN is left out of --peers: it is not version 2")
  endif()
endif()

# Where it is an archive only, a library is made of it, so that nothing of it is in the program, whose start would run it.
find_path(LIBXSMM_INCLUDE_DIR libxsmm.h)
if(LIBXSMM_INCLUDE_DIR)
  set(CMAKE_REQUIRED_INCLUDES ${LIBXSMM_INCLUDE_DIR})
  check_c_source_compiles("#include <libxsmm.h>
    int main(void) { return sizeof(&libxsmm_smmdispatch) == 0 || LIBXSMM_GEMM_FLAG_TRANS_B == 0; }" HAVE_LIBXSMM_1)
  if(HAVE_LIBXSMM_1)
    add_library_peer(libxsmm ${LIBXSMM_INCLUDE_DIR})
    find_library(LIBXSMM_ARCHIVE libxsmm.a)
    find_library(LIBXSMM_NO_BLAS libxsmmnoblas.a)
    if(LIBXSMM_ARCHIVE AND LIBXSMM_NO_BLAS)
      add_library(peer_libxsmm_library MODULE peers/libxsmm_library.c)
      target_link_libraries(peer_libxsmm_library PRIVATE -Wl,--whole-archive ${LIBXSMM_ARCHIVE} ${LIBXSMM_NO_BLAS}
                            -Wl,--no-whole-archive m ${CMAKE_DL_LIBS} pthread)
      target_compile_definitions(peer_libxsmm PRIVATE DEPTHMARK_LIBXSMM_FILE="$<TARGET_FILE_NAME:peer_libxsmm_library>")
      add_dependencies(harness peer_libxsmm_library)
    endif()
  else()
    message(STATUS "libxsmm is left out of --peers: it is not version 1")
  endif()
endif()

find_path(XNNPACK_INCLUDE_DIR xnnpack.h)
find_path(PTHREADPOOL_INCLUDE_DIR pthreadpool.h)
if(XNNPACK_INCLUDE_DIR AND PTHREADPOOL_INCLUDE_DIR)
  set(CMAKE_REQUIRED_INCLUDES ${XNNPACK_INCLUDE_DIR} ${PTHREADPOOL_INCLUDE_DIR})
  check_c_source_compiles("#include <xnnpack.h>
    int main(void) { return (int)sizeof(xnn_setup_sigmoid_nc_f32(0, 1, 0, 0, 0)) == 0; }" HAVE_XNNPACK_2022)
  if(HAVE_XNNPACK_2022)
    add_library_peer(xnnpack ${XNNPACK_INCLUDE_DIR} ${PTHREADPOOL_INCLUDE_DIR})
  else()
    message(STATUS "XNNPACK is left out of --peers: its operators are not set up as in 2022")
  endif()
endif()

# C++ of the C compiler's own family, if it has one here.
find_path(EIGEN_INCLUDE_DIR unsupported/Eigen/CXX11/Tensor PATH_SUFFIXES eigen3)
if(EIGEN_INCLUDE_DIR)
  string(REGEX REPLACE "clang([-0-9.]*)$" "clang++\\1" sibling ${CMAKE_C_COMPILER})
  string(REGEX REPLACE "gcc([-0-9.]*)$" "g++\\1" sibling ${sibling})
  if(NOT DEFINED ENV{CXX} AND NOT sibling STREQUAL CMAKE_C_COMPILER AND EXISTS ${sibling})
    set(ENV{CXX} ${sibling})
  endif()
  if(NOT CMAKE_CXX_COMPILER)
    unset(CMAKE_CXX_COMPILER CACHE) # one may have come since
  endif()
  check_language(CXX)
  if(CMAKE_CXX_COMPILER)
    enable_language(CXX)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      set(eigen_warnings -Wno-maybe-uninitialized -Wno-uninitialized) # of gcc 12's own _mm512_undefined_ps
    endif()
    set(eigen_flags -std=c++17 -fno-exceptions -fno-rtti ${eigen_warnings})
    add_peer(eigen.cc ${EIGEN_INCLUDE_DIR} ${eigen_flags})
    add_peer(eigen_product.cc ${EIGEN_INCLUDE_DIR} ${eigen_flags} -fno-threadsafe-statics ${OpenMP_C_FLAGS})
    # Where memory is out, Eigen calls C++'s allocation, which some compilers keep.
    set(runtime ${CMAKE_CXX_IMPLICIT_LINK_LIBRARIES})
    list(FILTER runtime INCLUDE REGEX "c\\+\\+")
    target_link_libraries(harness PUBLIC ${runtime})
  else()
    message(STATUS "Eigen is left out of --peers: there is no C++ compiler")
  endif()
endif()
