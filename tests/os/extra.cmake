# Changes settings of the kernel for a moment, and so runs alone.
set(left_out ":KernelProtectionTest.*")
stogger_discover_tests(os "KernelProtectionTest.*" RUN_SERIAL TRUE)
