# stdin: Ada
# stdin: 36
# stdout: name? age? Ada is 36
# stdout: end of input
name = input("name? ")
age = int(input("age? "))
print(f"{name} is {age}")
try:
    input()
except EOFError:
    print("end of input")
