class Account:
    def __init__(self, owner):
        self.owner = owner
        self.balance = 10


account = Account("ann")
print(account.balanse)
