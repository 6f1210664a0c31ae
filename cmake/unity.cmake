# SPDX-License-Identifier: Apache-2.0
# Presets that only check (asan, tsan) compile the files of a folder as one, which takes a third of the time: it is the
# headers that are expensive. A file that has a name without linkage of another in its folder is left ALONE, as is each
# file in other presets.
function(compile_folders_as_one target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "ALONE")
  get_target_property(sources ${target} SOURCES)
  foreach(source IN LISTS sources)
    get_filename_component(folder "${source}" DIRECTORY)
    set_source_files_properties("${source}" PROPERTIES UNITY_GROUP "${folder}")
    foreach(alone IN LISTS arg_ALONE)
      if(source MATCHES "${alone}\\.cpp$")
        set_source_files_properties("${source}" PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
      endif()
    endforeach()
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD_MODE GROUP)
endfunction()
