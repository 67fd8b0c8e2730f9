# Changes settings of the kernel for a moment, and so runs alone.
set(left_out ":KernelProtectionTest.*")
gtest_discover_tests(
  test_os TEST_PREFIX os. TEST_FILTER "KernelProtectionTest.*" DISCOVERY_TIMEOUT 60
  NO_PRETTY_VALUES PROPERTIES TIMEOUT 120 ENVIRONMENT ${sanitizer_options} RUN_SERIAL TRUE)
