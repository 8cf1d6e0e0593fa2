"""What must be readable from five metres, all day, without anybody at the keyboard?"""

from ui.wall import wall

wall.show()
