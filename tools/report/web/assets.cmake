# cmake -D NPM= -D NODE= -D SOURCE= -D OUTPUT= -P assets.cmake: bundles the script, and writes it and the style sheet as C strings.
# Where npm is missing or fails, the script is empty. The next build tries again when OUTPUT is removed.

cmake_minimum_required(VERSION 3.22)
get_filename_component(folder ${OUTPUT} DIRECTORY)
set(modules ${folder}/node_modules)
set(bundle ${folder}/bundle.js)

# give_up(reason output): the report goes without charts.
function(give_up reason output)
  string(STRIP "${output}" output)
  message("Reports will have tables only: ${reason}. To try again, remove ${OUTPUT}.\n${output}")
endfunction()

# install(result): the packages of package-lock.json into the build folder, unless they are there.
function(install result)
  file(SHA256 ${SOURCE}/package-lock.json wanted)
  set(stamp ${folder}/installed)
  if(EXISTS ${stamp})
    file(READ ${stamp} present)
    if(present STREQUAL wanted)
      set(${result} TRUE PARENT_SCOPE)
      return()
    endif()
  endif()
  file(COPY ${SOURCE}/package.json ${SOURCE}/package-lock.json ${SOURCE}/.npmrc DESTINATION ${folder})
  execute_process(
    COMMAND ${NPM} ci --ignore-scripts --no-audit --no-fund --no-update-notifier --fetch-retries=1 --fetch-timeout=30000
    WORKING_DIRECTORY ${folder} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output TIMEOUT 300)
  if(NOT status EQUAL 0)
    give_up("npm ci failed" "${output}")
    return()
  endif()
  file(WRITE ${stamp} ${wanted})
  set(${result} TRUE PARENT_SCOPE)
endfunction()

# licenses(text): what those who pass on the packages have to pass on with them, as a comment.
function(licenses text)
  set(all "")
  foreach(file echarts/NOTICE echarts/LICENSE echarts/licenses/LICENSE-d3 zrender/LICENSE tslib/CopyrightNotice.txt)
    file(READ ${modules}/${file} license)
    string(REPLACE "*/" "* /" license "${license}")
    string(APPEND all "${file}\n\n${license}\n\n")
  endforeach()
  set(${text} "/*!\n${all}*/\n" PARENT_SCOPE)
endfunction()

# bundle_script(script): one function, empty where it cannot be made.
function(bundle_script script)
  set(${script} "" PARENT_SCOPE)
  if(NOT NPM OR NOT NODE)
    return()
  endif()
  install(installed)
  if(NOT installed)
    return()
  endif()
  execute_process(
    COMMAND ${CMAKE_COMMAND} -E env NODE_PATH=${modules}
            ${NODE} ${modules}/esbuild/bin/esbuild ${SOURCE}/src/main.js --bundle --minify --format=iife --target=es2020
            --charset=ascii --legal-comments=none --log-level=warning --outfile=${bundle}
    RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "esbuild cannot bundle ${SOURCE}/src/main.js\n${output}")
  endif()
  file(READ ${bundle} code)
  licenses(notices)
  string(PREPEND code "${notices}")
  string(TOLOWER "${code}" lower)
  if(lower MATCHES "</script|<!--")
    message(FATAL_ERROR "${bundle} has '${CMAKE_MATCH_0}', which would end the script inside of a page")
  endif()
  set(${script} "${code}" PARENT_SCOPE)
endfunction()

# literal(text result): as a C string; "??" would begin a trigraph.
function(literal text result)
  string(REPLACE "\\" "\\\\" text "${text}")
  string(REPLACE "\"" "\\\"" text "${text}")
  string(REPLACE "?" "\\?" text "${text}")
  string(REPLACE "\n" "\\n\"\n\"" text "${text}")
  set(${result} "\"${text}\"" PARENT_SCOPE)
endfunction()

bundle_script(script)
file(READ ${SOURCE}/style.css style)
literal("${script}" script)
literal("${style}" style)
file(WRITE ${OUTPUT} "#include \"tools/report/assets.h\"

const char report_script[] =
${script};

const char report_style[] =
${style};
")
