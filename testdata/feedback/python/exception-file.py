open("data.csv", "w").write("a,b\n")
print(open("dta.csv").read())
