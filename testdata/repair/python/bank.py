import tools
from datetime import date


class Account:
    def __init__(self, owner, balance):
        self.owner = owner
        self.balance = balance
        self.history = []

    def deposit(self, amount):
        self.balance = self.balance + amount
        self.history.append(("deposit", amount))
        return self.balance

    def withdraw(self, amount):
        if amount > self.balance:
            raise ValueError("too little")
        self.balance = self.balance - amount
        self.history.append(("withdraw", amount))
        return self.balance


def interest(balance, rate, years):
    for year in range(years):
        balance = balance * (1 + rate)
    return round(balance, 2)


def months_until(goal, monthly):
    months = 0
    saved = 0
    while saved < goal:
        saved += monthly
        months += 1
    return months


account = Account("bea", 100)
account.deposit(50)
account.withdraw(30)
opened = date(2024, 2, 28)
kinds = []
for entry in range(len(account.history)):
    kinds.append(account.history[entry][0])
members = 3
share = account.balance / members
found = tools.lookup(title="Money", limit=1)
summary = {"owner": account.owner, "kinds": kinds}
assert interest(100, 0.1, 2) == 121.0
assert months_until(95, 10) == 10
assert summary["kinds"] == ["deposit", "withdraw"]
assert opened.month == 2
assert len(found["books"]) == 1
print(share, summary["owner"])
