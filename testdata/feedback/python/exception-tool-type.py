# tools: granted
import tools

print(tools.weather.forecast(city="Rome", days="three"))
