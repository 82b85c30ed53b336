"""What tallies say about spend: quantiles, breach, contingency, tail, each with its error; read from tallies only."""
