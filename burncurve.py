"""Monte Carlo cost risk of GenAI products: the public face.

>>> import burncurve as bc
>>> bc.law("0.7 to 1.5").describe()
'lognormal, P5 0.7, P95 1.5'
"""
