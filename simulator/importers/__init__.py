"""Meet users where they are: their ``vllm serve`` command line and start-up log become a scenario."""
