# Writes OUTPUT, a header that says which version this is: cmake -DSOURCE=... -DVERSION=... -DOUTPUT=... -P version.cmake
set(commit "")
find_program(GIT git)
if(GIT)
  execute_process(COMMAND ${GIT} -C ${SOURCE} describe --always --dirty --abbrev=12 --exclude=*
                  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(commit STREQUAL "")
  set(commit unknown) # a source archive without its history
endif()
file(WRITE ${OUTPUT} "#define DEPTHMARK_VERSION \"${VERSION}\"\n#define DEPTHMARK_COMMIT \"${commit}\"\n")
