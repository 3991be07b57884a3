"""Writes mean_resultant_length.csv: A = I_{d/2}(kappa)/I_{d/2-1}(kappa) and 1 - A to 20 digits, by mpmath at 60 digits.

Run as `python3 mean_resultant_length.py > mean_resultant_length.csv` (mpmath 1.3). The ratio is taken from the power
series up to kappa = 1e4 (besseli) and from Hankel's expansion beyond (also besseli, which chooses it by itself).
"""

from mpmath import besseli, mp, mpf, nstr

mp.dps = 60
print("dimension,kappa,length,one_minus")
for d in (2, 3, 4, 5, 20, 128, 1024):
    for kappa in ("1e-6", "0.1", "1", "2.5", "10", "100", "1e3", "1e4", "1e6", "1e8", "1e12"):
        k = mpf(kappa)
        length = besseli(mpf(d) / 2, k) / besseli(mpf(d) / 2 - 1, k)
        print(f"{d},{kappa},{nstr(length, 20)},{nstr(1 - length, 20)}")
