# stdout: end of the program
# stdout: in a ring: True
# stdout: destroyed
# wrote: /work/a.txt
# What a program leaves is written and destroyed when it ends, also what only a module or a ring of references holds.
import csv, gzip, string, zipfile


class Late:
    def __del__(self):
        print("in a ring:", open("/work/ring.txt").read() == "ring")
        print("destroyed")


class Ring:
    pass


held = open("/work/a.txt", "w")
held.write("held")
ring = Ring()
ring.ring, ring.file = ring, open("/work/ring.txt", "w")
ring.file.write("ring")
del ring
string.held = open("/work/library.txt", "w")
string.held.write("library")
packed = gzip.open("/work/a.gz", "wt")
packed.write("packed")
archive = zipfile.ZipFile("/work/a.zip", "w")
archive.writestr("a.txt", "in the archive")
csv.writer(table := open("/work/a.csv", "w", newline="")).writerow([1, 2])
late = Late()
print("end of the program")
