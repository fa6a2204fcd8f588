# What find_package(sluice) reads: the packages that sluice::filters stands on, then its targets.
include(CMakeFindDependencyMacro)
find_dependency(absl CONFIG)
find_dependency(fmt CONFIG)
find_dependency(simdjson CONFIG)
find_dependency(PkgConfig)
pkg_check_modules(re2 REQUIRED IMPORTED_TARGET re2)
include(${CMAKE_CURRENT_LIST_DIR}/sluiceTargets.cmake)
