# SPDX-License-Identifier: Apache-2.0
# Finds libpfm4, which ships neither a pkg-config file nor a CMake package. Defines Pfm::pfm.
find_path(Pfm_INCLUDE_DIR perfmon/pfmlib.h)
find_library(Pfm_LIBRARY pfm)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Pfm REQUIRED_VARS Pfm_LIBRARY Pfm_INCLUDE_DIR)
if(Pfm_FOUND AND NOT TARGET Pfm::pfm)
  add_library(Pfm::pfm UNKNOWN IMPORTED)
  set_target_properties(Pfm::pfm PROPERTIES
    IMPORTED_LOCATION "${Pfm_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${Pfm_INCLUDE_DIR}")
endif()
mark_as_advanced(Pfm_INCLUDE_DIR Pfm_LIBRARY)
