"""How good and how diverse generated pictures are: metrics, divergences, curves, the evaluator."""
