"""Reports: journeys become one frozen value each; one file per report."""
