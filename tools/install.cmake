# What `cmake --install` puts where, and the Debian package that `cpack -G DEB` makes of it.
include(GNUInstallDirs)

# A program joins by its name; its manual is tools/man/<name>.1. tools/completions/bench.bash completes them all; for zsh there may be
# tools/completions/_<name>.
set(installed_programs bench bench-merge bench-export bench-compare bench-report)
foreach(program ${installed_programs})
  if(TARGET ${program})
    install(TARGETS ${program} RUNTIME)
  else()
    list(REMOVE_ITEM installed_programs ${program})
  endif()
endforeach()

# The kernels for other programs: #include "kernels/select.h", flags by pkg-config.
install(TARGETS kernels ARCHIVE)
install(FILES kernels/kernels.h kernels/kernels.def kernels/select.h kernels/cpu.h
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/depthmark/kernels)
set(openmp_libraries ${OpenMP_C_LIB_NAMES})
list(TRANSFORM openmp_libraries PREPEND "-l")
list(JOIN openmp_libraries " " openmp_libraries)
cmake_path(ABSOLUTE_PATH CMAKE_INSTALL_LIBDIR BASE_DIRECTORY / NORMALIZE OUTPUT_VARIABLE rooted_libdir)
file(RELATIVE_PATH up_to_prefix ${rooted_libdir}/pkgconfig /)
configure_file(tools/depthmark-kernels.pc.in ${PROJECT_BINARY_DIR}/depthmark-kernels.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/depthmark-kernels.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)
install(FILES README.md CONTRIBUTING.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES results/README.md results/schema.json results/slope-errors.svg
        DESTINATION ${CMAKE_INSTALL_DOCDIR}/results)

# Manuals, compressed as man pages are.
find_program(GZIP gzip)
foreach(program ${installed_programs})
  set(page ${PROJECT_SOURCE_DIR}/tools/man/${program}.1)
  if(EXISTS ${page} AND GZIP)
    set(compressed ${PROJECT_BINARY_DIR}/${program}.1.gz)
    add_custom_command(OUTPUT ${compressed} COMMAND ${GZIP} -9nc ${page} > ${compressed} DEPENDS ${page} VERBATIM)
    list(APPEND manuals ${compressed})
  elseif(EXISTS ${page})
    list(APPEND manuals ${page})
  endif()
endforeach()
if(manuals)
  add_custom_target(manuals ALL DEPENDS ${manuals})
  install(FILES ${manuals} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endif()

# Debian's zsh looks for what packages bring in a folder of its own.
set(zsh_folders zsh/site-functions)
if(EXISTS /etc/debian_version)
  list(APPEND zsh_folders zsh/vendor-completions)
endif()
foreach(program ${installed_programs})
  set(completions ${PROJECT_SOURCE_DIR}/tools/completions)
  install(FILES ${completions}/bench.bash RENAME ${program} # which is of all programs; bash looks for it by their names
          DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
  foreach(folder ${zsh_folders})
    if(EXISTS ${completions}/_${program})
      install(FILES ${completions}/_${program} DESTINATION ${CMAKE_INSTALL_DATADIR}/${folder})
    endif()
  endforeach()
endforeach()

set(CPACK_PACKAGE_VENDOR "The Depthmark authors")
set(CPACK_PACKAGE_CONTACT "The Depthmark authors <depthmark@invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS dataset-fashion-mnist)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "libopenblas0-openmp, libblis4-openmp, libdnnl2, libsleef-dev")
set(CPACK_PACKAGE_DESCRIPTION "bench measures hand-vectorized AVX2, AVX-512 and NEON kernels for weight initialization,
 dense layers, activations and their derivatives against the limits of the machine, and records how gradients vanish or
 explode with depth. The package holds the kernels as a static library, too.")
include(CPack)
