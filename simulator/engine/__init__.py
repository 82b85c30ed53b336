"""From a scenario to tallies: plan, kernels, periods, engines. No file, no clock, no screen."""
